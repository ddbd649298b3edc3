"""What nearly every kept entry says in the same words, so that no entry keeps it: the dictionary of its compression.

Raw content in the sense of RFC 8878 §5: what comes last is reached with the least. It is part of the format of the
store: what was packed with it is unpacked with it alone. So it is never edited; other words need a migration that
packs all entries anew.
"""

from __future__ import annotations

_RARE = (
    rb'","icon":"https://www.","icon":null,"language":"de","language":"zh-CN","rights":"(c) ","terms":[{"term":"",'
    rb'"scheme":null,"label":null}],"image":"https://""show":null,"enclosures":[{"href":"https://www.","type":"audio/'
    rb'mpeg","length":0,"title":null,"medium":"image","duration":null,"width":null,"height":null,"language":null,'
    rb'"description":null,"credits":[],"group":null}]"image":{"href":"https://www.","width":null,"height":null},'
    rb'"notes":["1 tracking pixel removed","1 link freed of tracking parameters"],'
)
_MARKUP = (
    rb"<table><tbody><tr><td></td></tr></tbody></table><h3></h3><h2></h2>\n<blockquote>\n<p></p>\n</blockquote>\n<ul>\n"
    rb"<li></li>\n</ul>\n<ol>\n<li><p><strong></strong></p>\n<p><em></em></p>\n<pre><code></code></pre>\n<div><span>"
    rb"</span></div><br><figure><figcaption></figcaption></figure>\n<hr>\n<p>&nbsp;</p>\n&amp;&lt;&gt; "
    rb"<img src=\"https://www.example.com/wp-content/uploads/2026/01/image.jpg\" alt=\"\" width=\"1024\" "
    rb"height=\"768\" referrerpolicy=\"no-referrer\"></p>\n<p><a href=\"https://en.wikipedia.org/wiki/\" "
    rb"rel=\"noopener noreferrer\"></a></p>\n<p><a href=\"https://www.youtube.com/watch?v=\" "
    rb"rel=\"noopener noreferrer\"><a href=\"https://github.com/\" rel=\"noopener noreferrer\"></a>."
)
_FIELDS = (
    rb'</p>","language":"en"{"key":"link://www.","title":"","link":"https://www.","origin":{"id":"https://www.",'
    rb'"title":"","self_url":"https://www./feed/","html_url":"https://www./","icon":null,"language":"en-US",'
    rb'"rights":null,"updated":"2026-01-01T00:00:00Z","authors":[],"image":null,"show":null,"licence":null},'
    rb'"claim":"https://www.","published":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z","authors":'
    rb'[{"name":"","email":null,"uri":null}],"terms":[{"term":"","scheme":null,"label":null},{"term":"",'
    rb'"scheme":null,"label":null}],"summary":"<p>","content":"<p></p>","language":"en","rights":null,"enclosures":[],'
    rb'"upstream":null,"licence":null,"credit":null,"vias":[],"notes":[],"detail":null,"media":[],"image":null,'
    rb'"episode":null,"waits":false,"filled":[],"named":[],"written":null}'
)
PHRASES = _RARE + _MARKUP + _FIELDS
