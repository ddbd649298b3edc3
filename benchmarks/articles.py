"""Articles as people write them, Latin or Chinese, no two alike, and feeds of those of 4 KB."""

from __future__ import annotations

import html
import random

# Common words, so that the text reads, is told to be of a language, and needs every kind of character that texts have.
LATIN = """
the a of to and in is it that was for on are as with they at be this have from or had by but what
some we can out other were all there when up use your how said each she which their time will way
about many then them would write like these her long make thing see him two has look more day could
go come did number sound no most people over know water than call first who may down side been now
find house feed reader — “quoted” it’s AT&T
""".split()  # noqa: SIM905
CHINESE = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说"
    "产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使"
    "点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数"
)
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
PER_FEED = 20
LENGTH = 4096  # bytes of UTF-8 of an entry's HTML


def article(dice: random.Random, *, chinese: bool, length: int = LENGTH) -> str:
    """The HTML of an article: paragraphs and what stands between them, until it is as long as it shall be."""
    pieces, written = [], 0
    while written < length - 300:
        piece = _block(dice, chinese=chinese)
        pieces.append(piece)
        written += len(piece.encode())
    counter = f"https://pixel.wp.com/b.gif?host=a.example&amp;post={dice.randrange(10**6)}"
    return "\n".join((*pieces, f'<img src="{counter}" width="1" height="1" alt="">'))


def feed(number: int) -> bytes:
    """Feed `number`, RSS: every other one Chinese, every third without a declared language."""
    dice = random.Random(number)
    chinese = number % 2 == 1
    language = "" if number % 3 == 0 else f"<language>{'zh-CN' if chinese else 'en'}</language>"
    site = f"https://feed{number}.example"
    items = "".join(
        f"<item><guid>{site}/{n}</guid><title>{html.escape(_words(dice, 8, chinese=chinese))}</title>"
        f"<link>{site}/{n}/?utm_source=rss&amp;utm_medium=feed</link><category>c{n % 5}</category>"
        f"<pubDate>Sun, 01 Mar 2026 {n:02}:00:00 GMT</pubDate><author>me@feed.example (A {number})</author>"
        f"<description>{html.escape(article(dice, chinese=chinese))}</description></item>"
        for n in range(PER_FEED)
    )
    head = f"<title>Feed {number}</title><link>{site}/</link><description>d</description>{language}"
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


def _words(dice: random.Random, count: int, *, chinese: bool) -> str:
    return "".join(dice.choices(CHINESE, k=count)) + "。" if chinese else " ".join(dice.choices(LATIN, k=count)) + "."


def _block(dice: random.Random, *, chinese: bool) -> str:
    """A paragraph mostly; else a picture, a list, a heading, a quotation."""

    def words(count: int) -> str:
        return html.escape(_words(dice, count, chinese=chinese), quote=False)

    number = dice.randrange(10**6)
    match dice.choices(("text", "link", "picture", "waiting", "list", "heading", "quote"), (8, 8, 2, 1, 1, 2, 1))[0]:
        case "link":
            address = dice.choice((f"/more/{number}", f"https://a.example/{number}?id=7&amp;utm_source=rss"))
            return f'<p>{words(20)} <a href="{address}" target="_blank">{words(3)}</a> {words(15)}</p>'
        case "picture":
            source = f"/files/{number}-1024.jpg"
            sizes = f"/files/{number}-300.jpg 300w, {source} 1024w"
            more = f'sizes="(max-width: 1024px) 100vw" width="1024" height="683" alt="{words(4)}" loading="lazy"'
            shown = f'<img src="{source}" srcset="{sizes}" {more}><figcaption>{words(8)}</figcaption>'
            return f'<figure class="wp-block-image">{shown}</figure>'
        case "waiting":
            return f'<p><img class="lazy" src="{DOT}" data-src="/files/{number}.png"></p>'
        case "list":
            return f"<ul>{''.join(f'<li>{words(6)}</li>' for _ in range(4))}</ul>"
        case "heading":
            return f'<h2 id="h{number}">{words(5)}</h2>'
        case "quote":
            return f"<blockquote><p>{words(25)}</p></blockquote>"
    return f'<p style="text-align:left">{words(25)} <strong>{words(3)}</strong> {words(20)}</p>'
