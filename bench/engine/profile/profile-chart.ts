import { escaped } from "../chart.ts";
import { type Kind, KINDS } from "./layer.ts";
import { sumOf } from "./condense.ts";
import type { ProfiledLoad, Side } from "./profile-result.ts";
import { percent, timeUnit } from "./unit.ts";

const WIDTH = 860;
const LEFT = 250;
const BAR = 480;
const ROW = 24;
const LEGEND_ROW = 18;
const TITLE_ROW = 32;
const HEAD = 40;

/** In light and in dark. */
const COLOURS: Readonly<Record<Kind, readonly [string, string]>> = {
  ours: ["#2da44e", "#3fb950"],
  packages: ["#8250df", "#a371f7"],
  script: ["#bf8700", "#d29922"],
  generated: ["#1b7c83", "#39c5cf"],
  node: ["#0969da", "#58a6ff"],
  called: ["#6e7781", "#8b949e"],
  around: ["#afb8c1", "#57606a"],
  garbage: ["#cf222e", "#f85149"],
  threads: ["#bf3989", "#db61a2"],
  before: ["#d0d7de", "#373e47"],
};
const kinds = Object.keys(KINDS) as Kind[];

/**
 * A picture (SVG) of where time goes: for each load a bar for each side, as long as an operation's CPU time beside the longest, cut into kinds
 * of layers. Readable on light and on dark.
 */
export function profileChart(title: string, loads: readonly ProfiledLoad[]): string {
  const shown = loads
    .map((load) => ({ ...load, sides: load.sides.filter(({ layers }) => layers !== undefined) }))
    .filter(({ sides }) => sides.length > 0);
  const used = kinds.filter((kind) =>
    shown.some(({ sides }) => sides.some(({ layers }) => sumOf(layers!, [kind]) > 0)),
  );
  const legendHeight = Math.ceil(used.length / 2) * LEGEND_ROW;
  const parts: string[] = [];
  let y = HEAD + legendHeight;
  for (const { title: load, sides } of shown) {
    parts.push(`<text class="load" x="12" y="${y + 20}">${escaped(load)}</text>`);
    y += TITLE_ROW;
    const most = Math.max(...sides.map(({ layers }) => sumOf(layers!)));
    for (const side of sides) {
      parts.push(bar(side, most, y));
      y += ROW;
    }
  }
  const height = y + 12;
  const label = `Where the time goes: ${title}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .load { font-weight: 600 }
${used.map((kind) => `  .${kind} { fill: ${COLOURS[kind][0]} }`).join("\n")}
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
${used.map((kind) => `    .${kind} { fill: ${COLOURS[kind][1]} }`).join("\n")}
  }
</style>
<text class="title" x="12" y="24">${escaped(label)}</text>
${used.map(legend).join("\n")}
${parts.join("\n")}
</svg>
`;
}

function legend(kind: Kind, index: number): string {
  const x = 12 + (index % 2) * (WIDTH / 2);
  const y = HEAD + Math.floor(index / 2) * LEGEND_ROW;
  return `<rect class="${kind}" x="${x}" y="${y}" width="12" height="12" rx="2"/><text x="${x + 18}" y="${y + 10}">${escaped(KINDS[kind])}</text>`;
}

function bar({ name, layers = [] }: Side, most: number, y: number): string {
  const whole = sumOf(layers);
  const unit = timeUnit([whole]);
  const parts: string[] = [`<text x="12" y="${y + 13}">${escaped(name)}</text>`];
  let x = LEFT;
  for (const kind of kinds) {
    const value = sumOf(layers, [kind]);
    if (value === 0) continue;
    const width = (value / most) * BAR;
    const share = `${KINDS[kind]}: ${unit.text(value)} ${unit.name}, ${percent(value / whole)}`;
    parts.push(
      `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="18"><title>${escaped(share)}</title></rect>`,
    );
    x += width;
  }
  parts.push(`<text x="${(x + 8).toFixed(1)}" y="${y + 13}">${unit.text(whole)} ${unit.name}</text>`);
  return parts.join("");
}
