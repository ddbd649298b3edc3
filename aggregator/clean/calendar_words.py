"""How 56 languages call months and days of the week: the words of CLDR 47, with and without accents.

Words that are one month here and another there ("listopada", October in Croatian and November in Polish) are left out.
"""

from __future__ import annotations

MONTHS = (
    # January
    """
ean eanair eanáir ene enero gen gener gennaio ian ianuarie ion ionawr jaan jaanuar jan janar janeiro janner januar
januara januari januarie januaro january január januára janv janvaris janvier janvāris janúar jenner jänner led
leden ledna oca ocak saus sausio sausis sij sijecanj sijecnja siječanj siječnja sty styczen styczeń stycznia tammi
tammikuu tammikuuta urt urtarrila xan xaneiro yan yanvar ιαν ιανουάριοσ ιανουαρίου ιανουαριοσ ιανουαριου сту
студзень студзеня січ січень січня янв январь января яну януари јан јануар јануари қаң қаңтар հնվ հունվար հունվարի
ינואר ינו׳ جنوری يناير ژانویه ژانویهٔ जनवरी जन॰ जाने जानेवारी জানু জানুয়ারী ஜன ஜனவரி జన జనవరి มกราคม იან იანვარი
    """,
    # February
    """
chw chwef chwefror feabh feabhra feb febbraio feber febr febreiro febrer febrero februar februara februari februarie
februaris februaro february február februára februāris febrúar fev fevereiro fevr fevral fevrier fév févr février
helmi helmikuu helmikuuta lut lutego luty ots otsaila peb pebrero shk shkurt sub subat uno unor unora vas vasario
vasaris veebr veebruar velj veljaca veljace veljača veljače úno únor února şub şubat φεβ φεβρουάριοσ φεβρουαρίου
φεβρουαριοσ φεβρουαριου ақп ақпан лют лютага лютии лютий лютого люты феб фебруар фев февр февраль февраля февруари
փետրվար փետրվարի փտվ פברואר פבר׳ فبراير فروری فوریه فوریهٔ फ़रवरी फ़र॰ फेब्रु फेब्रुवारी ফেব ফেব্রুয়ারী பிப்
பிப்ரவரி ఫిబ్ర ఫిబ్రవరి กุมภาพันธ์ თებ თებერვალი
    """,
    # March
    """
bre brezen brezna bře březen března kov kovas kovo maalis maaliskuu maaliskuuta maart mac machi mae maerz mar marc
marca march marcius marco marec maret mars marso mart marta martie marto marts martxoa marz marzec marzo març março
maw mawrth mrt mrz márc március márta mäe mäerz mär märts märz ozu ozujak ozujka ožu ožujak ožujka μάρ μάρτιοσ μαρ
μαρτίου μαρτιοσ μαρτιου бер березень березня мар март марта нау наурыз сак сакавік сакавіка մարտ մարտի մրտ מרץ مارس
مارچ मार्च মার্চ மார் மார்ச் మార్చి มีนาคม მარ მარტი
    """,
    # April
    """
abr abrell abril abrëll aib aibrean aibreán api apirila apr aprel april aprila aprile aprili aprilie aprilis aprill
aprilo apríl apríla aprīlis avr avril bal balandis balandzio balandžio dub duben dubna ebr ebrill huhti huhtikuu
huhtikuuta kwi kwiecien kwiecień kwietnia nis nisan pri prill tra travanj travnja ápr április απρ απρίλιοσ απριλίου
απριλιοσ απριλιου апр апрель апреля април квіт квітень квітня кра красавік красавіка сәу сәуір ապր ապրիլ ապրիլի
אפריל אפר׳ آوریل أبريل آوریل أبريل اپریل अप्रैल एप्रि एप्रिल এপ্রি এপ্রিল ஏப் ஏப்ரல் ఏప్రి ఏప్రిల్ เมษายน აპრ
აპრილი
    """,
    # May
    """
beal bealtaine geg geguze geguzes gegužė gegužės kve kveten kvetna kvě květen května mag maggio mai maiatza maig
maijs maio maj maja majo majus may mayo mayıs maí mee mei máj mája május svi svibanj svibnja touko toukokuu
toukokuuta μάι μάιοσ μαι μαΐ μαΐου μαιοσ μαιου маи май мам мамыр мая мај трав травень травня մայիս մայիսի մյս
מאי مئی مايو مه مهٔ مئی मई मे মে மே మే พฤษภาคม მაი მაისი
    """,
    # June
    """
birz birzelio birzelis birž birželio birželis cerven cervna cvn cze czerwca czerwiec eka ekaina giu giugno haz
haziran hun hunyo iun iunie iyn iyun juin jun juna june junho juni junie junij junijs junio junius juny juuni jún
júna június júní jūn jūnijs kesa kesakuu kesakuuta kesä kesäkuu kesäkuuta lipanj lipnja meh mehefin meith meitheamh
qer qershor xuno xuño červen června čvn ιουν ιουνίου ιουνιοσ ιουνιου ιούν ιούνιοσ июн июнь июня мау маусым черв
червень червня чэр чэрвень чэрвеня юни јун јуни հնս հունիս հունիսի יוני جون يونيو ژوئن ژوئن जून জুন ஜூன் జూన్
มิถุนายน ივნ ივნისი
    """,
    # July
    """
cervence cervenec cvc gor gorff gorffennaf heina heinakuu heinakuuta heinä heinäkuu heinäkuuta hul hulyo iuil iul
iulie iyl iyul iúil juil juillet jul jula julai julho juli julie julij julijs julio juliol julius july juuli júl
júla július júlí jūl jūlijs korr korrik liep liepa liepos lipca lipiec lug luglio srpanj srpnja tem temmuz uzt
uztaila xul xullo července červenec čvc ιουλ ιουλίου ιουλιοσ ιουλιου ιούλ ιούλιοσ июл июль июля лип липень липня ліп
ліпень ліпеня шіл шілде юли јул јули հլս հուլիս հուլիսի יולי جولائی جولائی يوليو ژوئیه ژوئیهٔ ژوئیه ژوئیهٔ जुलाई
जुलै जुल॰ জুল জুলাই ஜூலை జులై జులై กรกฎาคม ივლ ივლისი
    """,
    # August
    """
abu abuztua ago agost agosti agosto agu agust agustos agustus aout août aug august augusta augusti augusto augusts
augustus augusztus avg avgust avq avqust awst ağu ağustos aŭg aŭgusto elo elokuu elokuuta gush gusht kol kolovoz
kolovoza lun lunasa lún lúnasa ogo ogos rugp rugpjucio rugpjutis rugpjūtis rugpjūčio sie sierpien sierpień sierpnia
srpen srpna ágú ágúst αυγ αυγουστοσ αυγουστου αυγούστου αύγ αύγουστοσ авг август августа жні жнівень жніуня жніўня
серп серпень серпня там тамыз օգոստոս օգոստոսի օգս אוגוסט אוג׳ أغسطس اوت أغسطس اگست अगस्त अग॰ ऑग ऑगस्ट আগ আগস্ট ஆக
ஆகஸ்ட் ఆగ ఆగస్టు สิงหาคม აგვ აგვისტო
    """,
    # September
    """
eyl eylul eylül ira iraila medi mfomh mfómh rugs rugsejis rugsejo rugsėjis rugsėjo ruj rujan rujna sen sentabr
sentyabr sep sept septemba septembar september septembra septembre septembrie septembris septembro septiembre set
setembre setembro setiembre settembre setyembre sht shtator syys syyskuu syyskuuta szept szeptember wrz wrzesien
wrzesień wrzesnia września zar zari zář září σεπ σεπτέμβριοσ σεπτεμβρίου σεπτεμβριοσ σεπτεμβριου вер верасень
верасня вересень вересня сент сентябрь сентября сеп септембар септември қыр қыркүиек қыркүйек սեպ սեպտեմբեր
սեպտեմբերի ספטמבר ספט׳ سبتمبر ستمبر سپتامبر सप्टें सप्टेंबर सितंबर सित॰ সেপ সেপ্টেম্বর செப் செப்டம்பர் సెప్టెం
సెప్టెంబర్ กันยายน სექ სექტემბერი
    """,
    # October
    """
dfomh dfómh eki ekim hyd hydref loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktabr oktoba
oktobar oktober oktobra oktobris oktobro oktoober oktubre oktyabr október októbra ott ottobre out outubro paz
pazdziernik pazdziernika paź październik października rij rijen rijna spal spalio spalis tet tetor urr urria říj
říjen října οκτ οκτωβρίου οκτωβριοσ οκτωβριου οκτώβριοσ жовт жовтень жовтня кас кастрычнік кастрычніка окт октобар
октомври октябрь октября қаз қазан հոկ հոկտեմբեր հոկտեմբերի אוקטובר אוק׳ أكتوبر أكتوبر اکتبر اکتوبر अक्टूबर अक्टू॰
ऑक्टो ऑक्टोबर অক্টো অক্টোবর অক্টো অক্টোবর அக் அக்டோபர் அக்டோபர் అక్టో అక్టోబర్ ตุลาคม ოქტ ოქტომბერი
    """,
    # November
    """
aza azaroa kas kasım lapkr lapkricio lapkritis lapkričio listopadu marras marraskuu marraskuuta nen nentor nob
nobyembre noiembrie nov novemba novembar november novembra novembre novembris novembro noviembre noy noyabr nën
nëntor nóv nóvember samh samhain stu studeni studenoga tach tachwedd νοέ νοέμβριοσ νοε νοεμβρίου νοεμβριοσ νοεμβριου
лист листопад листопада ліс лістапад лістапада нов новембар ное ноември нояб ноябрь ноября қар қараша նոյ նոյեմբեր
նոյեմբերի נובמבר נוב׳ نوامبر نوفمبر نومبر नवंबर नव॰ नोव्हें नोव्हेंबर নভে নভেম্বর நவ நவம்பர் నవం నవంబర్ พฤศจิกายน
ნოე ნოემბერი
    """,
    # December
    """
abe abendua ara aralık dec decembar december decembra decembre decembrie decembris decembro dek dekabr des desemba
desember desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre diciembre dis disember disyembre déc
décembre gru grudnia grudzien grudzień gruod gruodis gruodzio gruodžio joulu joulukuu joulukuuta noll nollaig pro
prosinac prosinca prosince prosinec rhag rhagfyr δεκ δεκέμβριοσ δεκεμβρίου δεκεμβριοσ δεκεμβριου груд грудень грудня
дек декабрь декабря декември дец децембар жел желтоқсан сне снежань снежня դեկ դեկտեմբեր դեկտեմբերի דצמבר דצמ׳
دسامبر دسمبر ديسمبر डिसें डिसेंबर दिसंबर दिस॰ ডিসে ডিসেম্বর டிச டிசம்பர் డిసెం డిసెంబర్ ธันวาคม დეკ დეკემბერი
    """,
)
# Without those that are zones, too (cet, met, ut).
WEEKDAYS = """
ahad ahd al alhamisi an antradienis aoine ar asteartea asteazkena astelehena az bazar biy biyernes c car carsamba
cead cetrtek ceturtd ceturtdiena cetvrtak chor chorshanba cmt cs csutortok csütörtök ct ctvrtek cum cuma
cumartesi cumə czw czwartek céad cümə cərsənbə dc dear deardaoin den denschdeg dg di die dienstag dijous dilluns dim
dimanche dimanco dimanĉo dimarts dimecres dinsdag dissabte diumenge divendres dj dl do dom domenica domh domingo don
donderdag donnerstag donneschdeg ds dt dum duminica duminică dush dushanba dv déar déardaoin dën dënschdeg enj
esmaspaev esmaspäev fim fimmtudagur fos fostudagur fr fre fredag freideg freitag fri friday fös föstudagur gio
giovedi giovedì gwe gwen hen hetfo huw huwebes hétfő hën iau ig igandea ijumaa isn isnin ja jaudo jeu jeudi joi jue
jueves jum juma jumaat jumamosi jumanne jumapili jumat jumatano jumatatu kam kamis ke kedd keskiviikko keskiviikkona
ketvirtadienis kha khamis kolmapaev kolmapäev kt la larunbata lau lauantai lauantaina laugardagur laupaev laupäev
laurdag lin linggo llun lor lordag lr lu luan lun lundi lundo lunedi lunedì lunes luni luns lör lördag lør lørdag ma
maanantai maanantaina maandag mairt man mandag manudagur mar mardi mardo martedi martedì martes marti marți maw me
mei meindeg mer mercoledi mercoledì mercores mercredi merkredo mettwoch mi mie miercoles miercuri min minggu
mittwoch miy miyerkules mié miércoles mið miðvikudagur mo mon monday montag máirt mán mánudagur må mån måndag méi
méindeg mér mércores mër mët mëttwoch ne ned nedela nedele nedelja nedeľa nedjelja neděle neljapaev neljapäev niedz
niedziela og on ons onsdag or osteguna ostirala otrd otrdiena pa patek pay payshanba paz pazar pazartesi pe
penktadienis pentek per perjantai perjantaina persembe perşembe pet petak petek pi piatek piatok piektd piektdiena
pirmadienis pirmd pirmdiena piątek pn po pon pondeli pondelok pondělí ponedeljak ponedeljek ponedjeljak poniedziałek
pr pre pt puhapaev pzt pá pátek péntek pühapäev qua quarta qui quinta rab rabu reede s sa sab sabado sabato sabtu
sad sal salı sam sambata samedi samschdeg samstag sat saterdag sath saturday seg segunda sekmadienis sel selasa sen
senin sesh seshanba sestadienis sestd sestdiena sex sexta shan shanba sht sk so sob sobota son sondag sonndeg
sonntag sr sre sreda sri srijeda sroda st streda stvrtok středa su sub subota sul sun sunday sunnudagur sunnuntai
svetd svetdiena svētd svētdiena sze szerda szo szombat sáb sábado sâm sâmbătă sön söndag sø søn søndag sənbə
teisipaev teisipäev ter terca terça thu thursday ti tiistai tiistaina tir tirs tirsdag tis tisdag to tor torek tors
torsdag torstai torstaina tr treciadienis tresd tresdiena trečiadienis trešd trešdiena tue tuesday ty tys tysdag
utery uto utorak utorok vasarnap vasárnap ve ven vendredi vendredo venerdi venerdì venres vie viernes vin vineri vr
vrijdag vrydag wed wednesday wo woensdag wt wtorek xov xoves yak yakshanba za zaterdag zo zondag ç çar çarşamba
çərşənbə út úterý þri þriðjudagur čet četrtek četvrtak čt čtvrtek ĵa ĵaŭdo śr środa ş şənbə šeštadienis št štvrtok
δευ δευτέρα δευτερα κυρ κυριακή κυριακη πέμ πέμπτη παρ παρασκευή παρασκευη πεμ πεμπτη σάβ σάββατο σαβ σαββατο τετ
τετάρτη τεταρτη τρί τρίτη τρι τριτη ау ауторак аў аўторак беисенбі бейсенбі бс воскресенье вс вт вто вторник
вівторок дс дүисенбі дүйсенбі жексенбі жм жс жұма нд нед недела неделя недеља неділя нядзеля пʼятниця панядзелак пет
петак петок петък пн пон понеделник понедельник понедељак понеділок пт пятница пятніца саб сабота сб сеисенбі
сейсенбі сенбі серада середа ср сре среда сряда сс суб суббота субота събота сәрсенбі уто уторак чацвер чет четвер
четверг четвртак четврток четвъртък чт чц երեքշաբթի երկ երկուշաբթի երք կիր կիրակի հինգշաբթի հնգ շաբաթ շբթ ուր ուրբաթ
չորեքշաբթի չրք שבת اتوار الأحد الأربعاء الاثنين الأحد الأربعاء الثلاثاء الجمعة الخميس السبت بدھ جمعرات جمعه جمعہ
دوشنبه سه‌شنبه شنبه منگل پنجشنبه پیر چهارشنبه ہفتہ یکشنبه गुरु गुरुवार बुध बुधवार मंगल मंगलवार मंगळ मंगळवार रवि
रविवार शनि शनिवार शुक्र शुक्रवार सोम सोमवार বুধ বুধবার বৃহস্পতি বৃহস্পতিবার মঙ্গল মঙ্গলবার রবি রবিবার শনি শনিবার
শুক্র শুক্রবার সোম সোমবার সোম সোমবার சனி செவ் செவ்வாய் ஞாயி ஞாயிறு திங் திங்கள் புத புதன் வியா வியாழன் வெள் வெள்ளி
ఆది ఆదివారం గురు గురువారం బుధ బుధవారం మంగళ మంగళవారం శని శనివారం శుక్ర శుక్రవారం సోమ సోమవారం จ พ พฤ วันจันทร์
วันพฤหัสบดี วันพุธ วันศุกร์ วันอังคาร วันอาทิตย์ วันเสาร์ ศ ส อ อา კვი კვირა ოთხ ოთხშაბათი ორშ ორშაბათი პარ
პარასკევი სამ სამშაბათი შაბ შაბათი ხუთ ხუთშაბათი
"""
MONTH_OF = {word: number for number, words in enumerate(MONTHS, 1) for word in words.split()}
WEEKDAY_WORDS = frozenset(WEEKDAYS.split())
