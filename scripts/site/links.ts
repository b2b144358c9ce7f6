// Checks the built pages as a browser would follow them: every link within the site leads to a file, and to a place in it.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** What is wrong, as `page → link`; empty when nothing is. External links are not followed; what pages load must not be external. */
export function brokenLinks(site: string): string[] {
  const files = new Set(globSync("**/*", { cwd: site }).map((file) => file.replaceAll("\\", "/")));
  const html = [...files].filter((file) => file.endsWith(".html"));
  const texts = new Map(html.map((file) => [file, readFileSync(join(site, file), "utf8")]));
  const ids = new Map([...texts].map(([file, text]) => [file, new Set(valuesOf(text, / id="([^"]*)"/g))]));

  const broken: string[] = [];
  for (const [file, text] of texts) {
    for (const link of valuesOf(text, /<a [^>]*href="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor = ""] = link.split("#");
      const target = path === "" ? file : normalize(join(dirname(file), decodeURI(path))).replaceAll("\\", "/");
      const isThere =
        files.has(target) && (anchor === "" || ids.get(target)?.has(decodeURIComponent(anchor)) !== false);
      if (!isThere) broken.push(`${file} → ${link}`);
    }
    const loaded = valuesOf(text, /<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"/g);
    broken.push(...loaded.filter((url) => /^(?:[a-z]+:)?\/\//.test(url)).map((url) => `${file} loads ${url}`));
  }
  return broken;
}

function valuesOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, value = ""]) => value.replaceAll("&amp;", "&"));
}
