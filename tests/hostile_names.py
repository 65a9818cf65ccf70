"""Names that would break out of HTML, scripts or templates if one place forgot to hold them as text."""

HOSTILE = (
    "<img src=x onerror=\"window.top.document.title='taken'\">",
    "{{7*7}}",
    "{% raw %}{% endraw",
    "{# comment",
    "${1+1}",
    "`${document.title='taken'}`",
    "</script><script>document.title='taken'</script>",
    "a \"q\" \\u0041 'x' & <b>b</b> \\",
    "line\u2028line\u2029line",
    "grid_1_a [x](javascript:1) #%=,",
    "𠮷野家垸",
)
