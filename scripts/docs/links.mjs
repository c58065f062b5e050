/** A link or an image of Markdown: what is before the address, the address, and what is after. */
const link = /(\]\()([^)\s]+)(\))/g;

/**
 * Turns what GitHub shows into what the site shows: folders and README files are index pages, and the two forms of a picture are
 * one.
 */
export const forSite = (text) =>
  text
    .replace(/<picture>[\s\S]*?<img alt="([^"]*)" src="([^"]*)">\s*<\/picture>/g, "![$1]($2)")
    .replace(link, (_, before, address, after) => before + addressForSite(address) + after);

function addressForSite(address) {
  if (/^(?:[a-z]+:|#)/.test(address)) return address;
  const [path, hash] = address.split("#");
  const page = path
    .replace(/(^|\/)README\.md$/, "$1index.md")
    .replace(/(^|\/)(decisions|charts)\/?$/, "$1$2/index.md")
    .replace(/(^|\/)LICENSE$/, "$1LICENSE.txt")
    .replace(/(^|\/)grafana\/?$/, "$1grafana/holdfast.json");
  return hash === undefined ? page : `${page}#${hash}`;
}
