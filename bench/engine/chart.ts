import { boundOf, type Comparison, type Ratio, targetText } from "./result.ts";

const ROW = 30;
const TOP = 56;
const LEFT = 380;
const BAR = 330;
const WIDTH = 860;
/** What the picture shows to the right of the target; a longer bar is cut, and its label says so. */
const MOST = 2;

/**
 * A picture (SVG) of all ratios that have a target: bars of how much of the target is reached, a line where all of it is, and the interval
 * as a thin line. Readable on light and on dark.
 */
export function chart(title: string, comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ title: load, ratios }) =>
    ratios.flatMap((ratio) => (ratio.target === undefined ? [] : [{ load, ratio }])),
  );
  const height = TOP + rows.length * ROW + 24;
  const target = LEFT + BAR / MOST;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .faint { fill: #57606a }
  .reached { fill: #2da44e }
  .missed { fill: #bf8700 }
  .target { stroke: #24292f; stroke-width: 1.5; stroke-dasharray: 4 3 }
  .interval { stroke: #24292f; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .faint { fill: #9198a1 }
    .reached { fill: #3fb950 }
    .missed { fill: #d29922 }
    .target, .interval { stroke: #e6edf3 }
  }
</style>
<text class="title" x="12" y="24">${escaped(title)}</text>
<text class="faint" x="${target}" y="44" text-anchor="middle">target</text>
${rows.map(({ load, ratio }, i) => bar(load, ratio, TOP + i * ROW)).join("\n")}
<line class="target" x1="${target}" x2="${target}" y1="${TOP - 8}" y2="${height - 16}"/>
</svg>
`;
}

function bar(load: string, ratio: Ratio, y: number): string {
  const shares = [ratio.value, ratio.low, ratio.high].map((value) => shareOf(ratio, value));
  const [share = 0, ...ends] = shares;
  const x = (part: number) => Number((LEFT + (Math.min(part, MOST) * BAR) / MOST).toFixed(1));
  const middle = y + ROW / 2 - 4;
  const label = `${Number(ratio.value.toPrecision(3))}${share > MOST ? " →" : ""} (${targetText(ratio.target!)})`;
  return [
    `<text x="12" y="${y + 9}">${escaped(cut(ratio.over === undefined ? ratio.by : `over ${ratio.over}, ${ratio.by}`))}</text>`,
    `<text class="faint" x="12" y="${y + 22}" style="font-size:10px">${escaped(cut(`${ratio.subject}: ${load}`, 70))}</text>`,
    `<rect class="${share >= 1 ? "reached" : "missed"}" x="${LEFT}" y="${middle - 7}" width="${Number((x(share) - LEFT).toFixed(1))}" height="14" rx="2"/>`,
    `<line class="interval" x1="${x(Math.min(...ends))}" x2="${x(Math.max(...ends))}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${LEFT + BAR + 12}" y="${middle + 4}">${escaped(label)}</text>`,
  ].join("");
}

/** 1 when it is just reached, more when it is surpassed. */
function shareOf({ target }: Ratio, value: number): number {
  const bound = boundOf(target!);
  return "atLeast" in target! ? value / bound : bound / value;
}

function cut(text: string, most = 58): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
