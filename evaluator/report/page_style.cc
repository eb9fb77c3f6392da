// The style sheet's text.
#include "evaluator/report/page_style.h"

namespace assay::evaluator {

const std::string_view kPageStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--faint:#57606a;--line:#d0d7de;--band:#f6f8fa;
--good:#116329;--bad:#b3261e;--link:#0550ae;
--p0:#0072b2;--p1:#c44e00;--p2:#007f5c;--p3:#a8487f;--p4:#8a6100;--p5:#2a7fb0;--p6:#555d66;--p7:#111}
@media (prefers-color-scheme:dark){
:root{--bg:#0f1419;--fg:#e6e9ec;--faint:#9aa4ae;--line:#343c45;--band:#181f26;
--good:#6fd28b;--bad:#ff8f85;--link:#7cb7ff;
--p0:#56b4e9;--p1:#ff9c4a;--p2:#2fc79b;--p3:#e59ac4;--p4:#f0e442;--p5:#9db8ff;--p6:#a8b0b8;--p7:#f5f5f5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:72rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.25rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
h4{font-size:.95rem;margin:1rem 0 .25rem}
p{margin:.4rem 0}
a{color:var(--link)}
ul{margin:.4rem 0;padding-left:1.3rem}
.facts{list-style:none;padding:0;color:var(--faint);font-size:.9rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;font-size:.9rem;margin:.75rem 0}
nav a{padding:.2rem 0}
section:first-of-type ul{font-size:1.05rem}
.faint{color:var(--faint);font-size:.9rem}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto;margin:.75rem 0;border:1px solid var(--line);border-radius:6px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
.caption{font-weight:600;font-size:.9rem;margin:1.25rem 0 .25rem}
.caption+.scroll{margin-top:0}
th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;border-top:1px solid var(--line);
overflow-wrap:normal;unicode-bidi:isolate}
thead th{background:var(--band);vertical-align:bottom;line-height:1.25}
td{min-width:5rem;max-width:32rem}
td.num{min-width:0}
td.wide{min-width:18rem}
.pairs td.wide{min-width:0}
td.good,td.bad,td.faint{white-space:nowrap}
tbody tr:first-child>*,thead th{border-top:0}
thead th{border-bottom:1px solid var(--line)}
tbody th{font-weight:600;position:sticky;left:0;background:var(--bg);
min-width:11rem;max-width:16rem;overflow-wrap:anywhere}
td.num,th.num{text-align:right}
td.num{white-space:nowrap}
.pairs td{overflow-wrap:anywhere;max-width:none}
details{margin:.75rem 0}
summary{cursor:pointer;padding:.25rem 0;color:var(--link)}
.panels{display:grid;gap:1rem 2rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
figure{margin:0;min-width:0;max-width:36rem}
figcaption{font-weight:600;font-size:.9rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--fg);font-size:13px;font-variant-numeric:tabular-nums}
svg .name,svg .value{paint-order:stroke;stroke:var(--bg);stroke-width:3px}
svg .axis{fill:var(--faint);font-size:12px}
svg .value{fill:var(--faint)}
.grid{stroke:var(--line);stroke-width:1}
.s0{--c:var(--p0)}.s1{--c:var(--p1)}.s2{--c:var(--p2)}.s3{--c:var(--p3)}
.s4{--c:var(--p4)}.s5{--c:var(--p5)}.s6{--c:var(--p6)}.s7{--c:var(--p7)}
.mark{fill:var(--c)}
.whisker,.median{stroke:var(--c);stroke-width:2}
.thread{stroke:var(--c);stroke-width:1}
.box{fill:var(--c);fill-opacity:.18;stroke:var(--c);stroke-width:1}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--band);border:1px solid var(--line);
border-radius:6px;padding:.6rem .8rem;margin:.4rem 0;font-size:.85rem;line-height:1.45}
pre.code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre.quote{font-family:inherit;max-height:24rem;overflow-y:auto}
@media (max-width:30rem){main{padding:.75rem}tbody th{min-width:8.5rem;max-width:9rem}}
@media print{nav{display:none}.scroll{overflow:visible}}
)css";

}  // namespace assay::evaluator
