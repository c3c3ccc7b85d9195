"""How a page looks, on a screen and on paper."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem 4rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 3rem 0 .25rem; padding-top: .75rem; border-top: 1px solid #1a1a1a; }
p, ul, ol { margin: .5rem 0 .75rem; max-width: 46rem; }
.lead, .steps, .note { color: #555; }
.steps { font-size: .8125rem; margin: 0 0 1rem; }
.left-out { font-style: italic; }
nav { margin: 1.5rem 0; padding: .75rem 1rem; border: 1px solid #ccc; }
nav h2 { font-size: 1rem; margin: 0; padding: 0; border: 0; }
nav ol { margin: .25rem 0 0; padding-left: 1.5rem; columns: 2; column-gap: 2rem; max-width: none; }
a { color: #0b4a8f; }
.warning { margin: 1.5rem 0; padding: .75rem 1rem; border: 3px solid #b00020; background: #fdf1f2; }
.warning h2 { margin: 0; padding: 0; border: 0; color: #b00020; }
.sound { margin: 1rem 0; padding: .25rem 0 .25rem .75rem; border-left: 3px solid #767676; }
.table { overflow-x: auto; margin-top: 1.5rem; }
table { border-collapse: collapse; font-size: .8125rem; line-height: 1.4; font-variant-numeric: tabular-nums;
  border-bottom: 1px solid #1a1a1a; }
caption { width: max-content; max-width: 57rem; text-align: left;
  font-weight: 600; font-size: .9375rem; padding-bottom: .375rem; }
thead th { border-top: 1px solid #1a1a1a; border-bottom: 1px solid #1a1a1a; vertical-align: bottom; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .1875rem .75rem .1875rem 0; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { font-weight: 400; overflow-wrap: break-word; max-width: 20rem; }
.short { white-space: nowrap; }
tbody tr.first:not(:first-child) > * { border-top: 1px solid #ccc; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; }
.note { font-size: .8125rem; margin: .375rem 0 1.5rem; max-width: none; white-space: pre-line; }
.note { overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; }
figure img { display: block; width: 100%; max-width: 46rem; height: auto; }
figcaption { font-weight: 600; font-size: .9375rem; margin-bottom: .375rem; }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid #ccc; font: .8125rem/1.45 ui-monospace, Menlo, Consolas,
  "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 3rem; border-top: 1px solid #ccc; font-size: .8125rem; color: #555; }
@media screen and (max-width: 40rem) {
  nav ol { columns: 1; }
  body { padding: 1rem 1rem 3rem; }
  th, td { padding-right: .5rem; }
  .table { background: linear-gradient(to right, #fff 2rem, transparent) left / 3rem 100% no-repeat local,
    linear-gradient(to left, #fff 2rem, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to right, #bbb, transparent) left / .5rem 100% no-repeat scroll,
    linear-gradient(to left, #bbb, transparent) right / .5rem 100% no-repeat scroll; }
}
@media print {
  @page { size: A4; margin: 11mm 11mm 12mm; }
  html { font-size: 8pt; line-height: 1.3; }
  body { max-width: none; padding: 0; orphans: 1; widows: 1; }
  p, ul, ol, figure img { max-width: none; }
  p, ul, ol { margin: .25rem 0 .4rem; }
  h2 { font-size: 1.2rem; margin: .8rem 0 .1rem; padding-top: .3rem; }
  nav { margin: .5rem 0; padding: .3rem .75rem; }
  nav ol { columns: 3; }
  .sound, .warning { margin: .5rem 0; }
  table, .note, .steps, pre { font-size: 7pt; line-height: 1.2; }
  caption, figcaption { font-size: 8pt; padding-bottom: .15rem; margin-bottom: .15rem; }
  .steps { margin: 0 0 .25rem; }
  .note { margin: .15rem 0 .3rem; }
  .table { overflow: visible; margin-top: .6rem; }
  th, td { padding: .04rem .4rem .04rem 0; }
  tbody tr:last-child > * { padding-bottom: .15rem; }
  figure { margin: .6rem 0; }
  figure img { max-width: 132mm; }
  ul:has(> li:nth-child(6)) { columns: 2; column-gap: 6mm; font-size: 7.5pt; }
  li { break-inside: avoid; }
  pre { padding: .3rem .6rem; margin: .3rem 0; }
  h2, .steps, caption, figcaption, thead, tbody tr:first-child { break-after: avoid; }
  p:has(+ ul) { break-after: avoid; }
  .note { break-before: avoid; }
  figure, tr, .whole, .warning { break-inside: avoid; }
  .whole { display: inline-block; vertical-align: top; max-width: 100%; margin-right: 4mm; }
  .whole .note { contain: inline-size; }
  thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; }
}
"""
