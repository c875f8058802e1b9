/**
 * The style sheet: system fonts, colours as variables for light and dark, charts by class.
 *
 * Blue runs from light to dark with alpha and orange marks what is under-trained, a pair that people
 * with any kind of colour blindness tell apart. On paper the page is always light.
 */
export const style: string = `
:root{color-scheme:light dark;
--bg:#fff;--panel:#f5f7f9;--text:#1b2230;--muted:#566071;--line:#dde2e8;--faint:#eceff3;
--accent:#1d5fa6;--bar:#7ba9d6;--warn:#a8430b;--over:#6a4a9c;
--h0:#f3f5f8;--h1:#deebf7;--h2:#c3daee;--h3:#9ecae1;--h4:#6fb0da;--h5:#2a72b0;--h6:#0b4a8a;--h7:#f2a65a;--h8:#a8430b;
--g0:#f1f6f5;--g1:#d9ece7;--g2:#b9dcd3;--g3:#92c7ba;--g4:#63ac9b;--g5:#1f7766;--g6:#0b4f43;
--on0:#1b2230;--on4:#1b2230;--on5:#fff;--on7:#1b2230;--on8:#fff}
@media screen and (prefers-color-scheme:dark){:root{
--bg:#11151b;--panel:#191f28;--text:#e6eaf0;--muted:#a5b0bf;--line:#323b48;--faint:#222a35;
--accent:#7fb6f2;--bar:#3f74ab;--warn:#f29a5e;--over:#bfa8ee;
--h0:#1a212b;--h1:#1c3046;--h2:#1f3f61;--h3:#225281;--h4:#2a68a4;--h5:#5fa3df;--h6:#b0d5f8;--h7:#b35a17;--h8:#ffb066;
--g0:#18221f;--g1:#18332d;--g2:#19453b;--g3:#1b5a4c;--g4:#1f7060;--g5:#4fb59f;--g6:#a5e3d5;
--on0:#e6eaf0;--on4:#fff;--on5:#11151b;--on7:#fff;--on8:#11151b}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif}
main,.bar-top{max-width:1180px;margin:0 auto;padding:0 24px}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999px;top:8px;background:var(--bg);padding:6px 12px;z-index:3}
.skip:focus{left:16px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
nav ul{display:flex;flex-wrap:wrap;gap:4px 22px;margin:0;padding:14px 0;list-style:none;font-size:14px}
nav a{color:var(--muted);text-decoration:none}nav a:hover{color:var(--accent);text-decoration:underline}
nav{border-bottom:1px solid var(--line)}
section{margin:56px 0}
h1,h2,h3{line-height:1.25;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h1{font-size:30px;margin:0 0 16px}h2{font-size:22px;margin:0 0 10px}h3{font-size:17px;margin:32px 0 8px}
p{margin:0 0 14px;max-width:72ch}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere;unicode-bidi:isolate}
pre{background:var(--panel);padding:14px 16px;border-radius:6px;overflow-x:auto;white-space:pre-wrap}
dl,dd,figure{margin:0}
small{font-size:13px;color:var(--muted)}
.top{margin:44px 0 0}
.kicker{color:var(--muted);font-size:14px;margin:0 0 6px}
.identity div{display:flex;gap:10px;font-size:14px;line-height:1.7}.identity dt{color:var(--muted);flex:0 0 92px}
.identity code{font-size:12.5px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:28px 0 0;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.figures div{background:var(--bg);padding:14px 18px}
.figures dt{font-size:13px;color:var(--muted)}
.figures dd{font-size:26px;line-height:1.3;font-weight:600;font-variant-numeric:tabular-nums}
.figures small{display:block;font-weight:400;min-height:1.5em}
.findings div{display:grid;grid-template-columns:130px minmax(0,72ch);gap:4px 20px;padding:12px 0;border-top:1px solid var(--faint)}
.findings dt,.words dt{font-weight:600}
.words{padding:8px 0}.words div{display:grid;grid-template-columns:170px minmax(0,72ch);gap:2px 20px;padding:8px 0}
.guide{margin-top:-24px}
details>summary{cursor:pointer;color:var(--accent);padding:8px 0}
section>details:not(.detail){margin:10px 0}
.pair figure{display:flex;flex-direction:column}.pair svg{margin-top:auto}
.pair{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:24px}
.pair.single{grid-template-columns:minmax(0,760px)}
.pair.even{align-items:start;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:24px 48px}
figcaption{font-size:13.5px;color:var(--muted);margin-bottom:4px}figcaption b{color:var(--text);font-weight:600}
.key{font-size:13.5px;color:var(--muted);margin-top:6px}
svg{display:block;width:100%;font-size:12px;font-variant-numeric:tabular-nums;overflow:visible}
svg text{fill:var(--muted)}
svg.rows{margin-left:34px;width:calc(100% - 46px)}svg.rows.long{margin-left:84px;width:calc(100% - 96px)}
.pair figure+figure svg.rows{margin-left:4px;width:calc(100% - 40px)}
.row{stroke:var(--faint)}.grid{stroke:var(--faint);fill:none}
.bound{stroke:var(--muted);stroke-dasharray:3 3}.bounds text,.tx text{text-anchor:middle}.bounds text{font-size:11.5px}
.names text,.ty text{text-anchor:end}.ty .turned{text-anchor:middle}
.interval{stroke:var(--accent);stroke-width:4;opacity:.4}
.dot{fill:var(--accent)}.dot.under{fill:var(--warn)}
.bar{fill:var(--bar)}.whisker{stroke:var(--text);stroke-width:1.25}
svg .count{fill:var(--text);font-weight:600;paint-order:stroke;stroke:var(--bg);stroke-width:3px}
.scroll{position:relative;overflow-x:auto;margin:0 0 14px}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:500}thead th{color:var(--muted);font-size:13px;white-space:nowrap;vertical-align:bottom}
.compact th,.compact td{padding:4px 22px 4px 0;border-bottom:1px solid var(--faint);white-space:nowrap}
caption{text-align:left}
.heat{border-collapse:separate;border-spacing:1px;font-size:12px}
.heat td{min-width:31px;height:28px;padding:0 2px;text-align:center;white-space:nowrap;border-radius:2px}
.heat.tight td{font-size:11px;padding:0 1px}
.heat thead th{text-align:center;font-size:11.5px;padding:0 2px 3px}
.heat th:first-child{position:sticky;left:0;background:var(--bg);text-align:left;padding:0 10px 0 0;white-space:nowrap;z-index:1}
.heat i{font-style:normal;font-size:9px;margin-left:1px}
.heat .whole th,.heat .whole td{font-weight:650}.heat .whole td{border-top:2px solid var(--bg)}
.heat .failed{color:var(--warn);outline:1px dashed var(--warn);outline-offset:-2px}
${[0, 1, 2, 3, 4, 5, 6].map((i) => `.g${i}{background:var(--g${i});color:var(--on${i < 4 ? 0 : i === 6 ? 5 : i})}`).join('')}
${[0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => `.h${i}{background:var(--h${i});color:var(--on${i < 4 ? 0 : i === 6 ? 5 : i})}`).join('')}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 14px;padding:0;list-style:none;font-size:13px;color:var(--muted)}
.legend li{white-space:nowrap}.swatch{display:inline-block;width:18px;height:12px;border-radius:2px;margin-right:6px;vertical-align:-1px;box-shadow:inset 0 0 0 1px var(--line)}
.ramp{margin:0 2px 0 6px}.ramp .swatch{margin-right:0;border-radius:0}
.filter{display:flex;flex-wrap:wrap;gap:10px 22px;align-items:center;font-size:14px;margin:0 0 12px}
.filter[hidden]{display:none}.filter output{color:var(--muted)}
input[type=search],select{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--muted);border-radius:5px;padding:4px 8px}
input[type=search]{width:210px}
.wide{container-type:inline-size;border-top:1px solid var(--line)}
#all{width:100%}
#all th,#all td{padding:6px 14px 6px 0;border-top:1px solid var(--faint);white-space:nowrap}
#all thead th{border-top:0;white-space:normal}
#all th[scope=row]{padding-left:20px}#all thead th:first-child{padding-left:20px}
#all thead button{all:unset;cursor:pointer;color:inherit}#all thead button:hover{color:var(--accent)}
#all thead button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
#all [aria-sort] button::after{content:" \\2191";color:var(--accent)}#all [aria-sort=descending] button::after{content:" \\2193"}
#all tbody:hover tr:first-child{background:var(--panel)}
#all .detail td{position:relative;padding:0;border:0;white-space:normal}
.detail summary{position:absolute;left:0;right:0;top:-36px;height:36px;padding:0;list-style:none}
.detail summary::-webkit-details-marker{display:none}
.detail summary::before{content:"";position:absolute;left:4px;top:13px;border:5px solid transparent;border-left:7px solid var(--muted);border-right:0}
.detail [open]>summary::before{transform:rotate(90deg)}
.detail summary:focus-visible{outline-offset:-2px}
.detail details>div{position:sticky;left:0;width:100cqw;padding:10px 20px 28px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));gap:18px 28px;margin:4px 0 18px}
.charts figure{max-width:380px}.charts figcaption{margin:2px 0 0;padding-left:12%}
.charts svg{overflow:hidden}
.clip{clip-path:url(#area)}
.dots{stroke:var(--muted);stroke-width:3.4;stroke-linecap:round;fill:none}
.faint{stroke:var(--bar);stroke-width:1;opacity:.55;fill:none}.measured{fill:var(--warn);stroke:var(--bg)}
.depth{stroke:var(--muted);stroke-width:1.5;fill:none}
.fit{stroke:var(--accent);stroke-width:2;fill:none}
.bulk{stroke:var(--warn);stroke-width:1.5;stroke-dasharray:5 3;fill:none}
.band{fill:var(--accent);opacity:.16}.bars{fill:var(--muted);opacity:.55}.bars.tail{fill:var(--accent);opacity:.85}
.cut{stroke:var(--text);stroke-dasharray:2 3}svg .note{fill:var(--text);font-size:11px}.end{text-anchor:end}
.chosen{fill:var(--accent);stroke:var(--bg);stroke-width:1.5}
.k::before{content:"";display:inline-block;width:16px;margin-right:5px;vertical-align:3px;border-top:2px solid var(--accent)}
.k.bulk::before{border-top:2px dashed var(--warn)}.k.tail::before{border-top:8px solid var(--accent);width:9px;vertical-align:-1px}
.metrics{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));gap:0 28px;font-size:13px}
.metrics div{display:flex;justify-content:space-between;gap:12px;border-top:1px solid var(--faint);padding:3px 0}.metrics dt{color:var(--muted)}
.tag{font-size:12.5px;color:var(--warn)}.tag.over-trained{color:var(--over)}
.options{width:100%}.options caption{font-weight:600;padding-bottom:6px}
.options th,.options td{padding:5px 0;border-top:1px solid var(--faint);vertical-align:top;overflow-wrap:anywhere}.options th{color:var(--muted);width:45%;padding-right:12px}
.failures,ul.names{padding-left:20px;font-size:14px}ul.names{columns:340px;column-gap:32px}
.made{color:var(--muted);font-size:14px;margin-top:24px}
@media (max-width:720px){
body{font-size:15px}main,.bar-top{padding:0 16px}h1{font-size:23px}section{margin:44px 0}
.findings div,.words div{grid-template-columns:minmax(0,1fr)}
.identity div{display:block}.identity dt{font-size:12.5px}
.figures{grid-template-columns:1fr 1fr}.figures dd{font-size:21px}.figures div{padding:10px 14px}
.bounds{display:none}.pair{gap:10px}.pair.even{align-items:start;gap:28px}
svg .first{display:none}svg.rows{margin-left:26px;width:calc(100% - 32px)}svg.rows.long{margin-left:76px;width:calc(100% - 82px)}.pair figure+figure svg.rows{margin-left:0;width:calc(100% - 26px)}
.minor{display:none}#all code{overflow-wrap:anywhere;font-size:12px}
#all th[scope=row]{white-space:normal;min-width:150px}#all th,#all td{padding-right:12px;vertical-align:bottom}
.detail summary{top:-58px;height:58px}.detail summary::before{top:37px}
.detail details>div{padding:6px 0 24px}}
@media print{.bar-top,.filter,.skip,.detail{display:none}main{max-width:none;padding:0}section{margin:28px 0}
.heat td,.swatch,.figures,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.scroll{overflow:visible;container-type:normal}
.compact th,.compact td,#all th,#all td,thead th{white-space:normal;font-size:10px;padding-right:8px}#all code{font-size:9px}
.heat td,.heat.tight td,.heat thead th{min-width:0;font-size:8px;padding:0}.heat i{font-size:6px}
figure,tr,.figures,.findings div{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}}
`;
