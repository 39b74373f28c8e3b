/* How the page looks. Colours are variables, set for light and for dark paper; widths shrink down to a phone's. */
#include "report/page.h"

static const char layout[] =
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%}"
    "body{margin:0 auto;padding:1.2rem 12px 3rem;max-width:1112px;background:var(--paper);color:var(--ci);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .3rem;overflow-wrap:anywhere}"
    "h2{font-size:1.2rem;margin:2.6rem 0 .4rem;padding-top:.7rem;border-top:1px solid var(--cg)}"
    "p,figcaption,dl,ol{max-width:46rem}"
    "a{color:var(--link)}"
    "nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.8rem 0 0;padding:0}"
    "nav a{display:inline-block;padding:.25rem 0}"
    "figure{margin:0}"
    "figcaption{color:var(--cm);font-size:.9rem;margin:.2rem 0 .6rem}"
    ".panels{display:flex;flex-wrap:wrap;gap:18px 22px;margin:.6rem 0}"
    ".panels svg{display:block;width:340px;max-width:100%;height:auto}"
    ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:.4rem 0;padding:0;font-size:.9rem}"
    ".legend svg{width:12px;height:12px;margin-right:.4rem;vertical-align:-1px}"
    ".missing{border-left:4px solid var(--cn);padding:.1rem 0 .1rem .8rem}"
    ".scroll{overflow-x:auto;max-width:100%;margin:.6rem 0}"
    "table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--cm);padding:.2rem 0}"
    "th,td{padding:.2rem .7rem .2rem 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--cg)}"
    "th{font-weight:600}tbody th{font-weight:400}th.left{text-align:left}"
    "thead th{white-space:normal;min-width:4.4rem;vertical-align:bottom;line-height:1.25}"
    "details{margin:.5rem 0}summary{cursor:pointer;padding:.3rem 0;color:var(--link)}"
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1rem;margin:.6rem 0}"
    "dt{color:var(--cm)}dd{margin:0;overflow-wrap:anywhere}"
    "code{font:.85em ui-monospace,SFMono-Regular,'DejaVu Sans Mono',monospace}"
    ".word{display:inline-block;max-width:100%}"
    "h3{font-size:1rem;margin:1.2rem 0 .2rem}.files{padding-left:1.2rem}.files li{margin:.5rem 0}"
    "li{overflow-wrap:anywhere}"
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px}"
    "@media(max-width:480px){dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.5rem}}"
    "@media print{details>*{display:block}nav{display:none}.panels svg,tr{break-inside:avoid}}";

void report_put_style(report_text *text, int subjects) {
  report_put(text, ":root{color-scheme:light dark;--paper:#fff;--link:#0a58a8;");
  report_put_variables(text, subjects, false);
  report_put(text, "}@media(prefers-color-scheme:dark){:root{--paper:#14181d;--link:#7cb7ff;");
  report_put_variables(text, subjects, true);
  report_put(text, "}}");
  report_put(text, layout);
  report_put_classes(text, subjects, true);
}
