/**
 * Prints the changelog's section of one version, for the notes of its release: `node scripts/release-notes.mjs v0.2.0`.
 * Fails when the tag does not match the version in package.json, or when the changelog has no section for the version.
 */
import { readFileSync } from "node:fs";

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));

if (tag !== `v${version}`) fail(`the tag ${tag} does not match the version ${version} in package.json`);
const notes = sectionOf(readFileSync("CHANGELOG.md", "utf8"), version);
if (!notes) fail(`CHANGELOG.md has no section for ${version}`);
console.log(withAbsoluteLinks(notes));

/** The text between the heading of a version and the next heading of the same level. */
function sectionOf(changelog, name) {
  const section = changelog.split(/^## /m).find((text) => text.startsWith(`[${name}]`));
  return section?.slice(section.indexOf("\n")).trim();
}

/** Makes relative links absolute: they do not work on a release's page. */
function withAbsoluteLinks(text) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (!server || !repository) return text;
  return text.replace(/\]\((?!https?:)/g, `](${server}/${repository}/blob/${tag}/`);
}

function fail(reason) {
  console.error(`release-notes: ${reason}`);
  process.exit(1);
}
