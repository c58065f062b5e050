/**
 * Writes a report of the public API into `api`, one file for each entry point of package.json, so that a review sees
 * every change to a public type. `--check` writes nothing, and fails when a report differs from what the build declares.
 * Needs a build.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const check = process.argv.includes("--check");
const folder = "api";
const generated = "node_modules/.cache/holdfast/api";
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));

const entries = Object.entries(exports)
  .filter(([, target]) => target.import !== undefined)
  .map(([entry, target]) => ({
    name: entry === "." ? "holdfast" : entry.slice(2),
    types: target["module-sync"].types,
  }));

rmSync(generated, { recursive: true, force: true });
for (const path of check ? [generated] : [folder, generated]) mkdirSync(path, { recursive: true });
const main = extract(entries[0]);
for (const entry of entries) {
  const report = entry === entries[0] ? main : withoutRepeated(extract(entry), main);
  writeFileSync(`${generated}/${entry.name}.api.md`, report);
  if (!check) printNotExported(entry.name, report);
}

if (!check) {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const file of readdirSync(generated))
    writeFileSync(`${folder}/${file}`, readFileSync(`${generated}/${file}`));
} else if (differs()) {
  console.error("The public API differs from its reports in api. If the difference is intended: npm run api");
  process.exitCode = 1;
}

/** The report of one entry point. It includes each type that an exported type refers to, whether exported or not. */
function extract({ name, types }) {
  const temporary = resolve(generated, "..", "api-extractor");
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: resolve("."),
      mainEntryPointFilePath: resolve(types),
      compiler: {
        overrideTsconfig: { compilerOptions: { ...compilerOptions, noEmit: true }, files: [types] },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: temporary,
        reportTempFolder: resolve(temporary, "temp"),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve("package.json"),
  });
  mkdirSync(temporary, { recursive: true });
  Extractor.invoke(config, {
    localBuild: true,
    // Hides progress, and remarks about comments and release tags.
    messageCallback: (message) => {
      message.handled = message.logLevel !== "error";
    },
  });
  return readFileSync(resolve(temporary, `${name}.api.md`), "utf8");
}

/** Leaves out what an entry point only refers to, if the main report has the same declaration. */
function withoutRepeated(report, mainReport) {
  const known = new Set(
    paragraphs(mainReport).map((text) => text.replace(/^export (\{.*\}$)?/gm, "").trim()),
  );
  return paragraphs(report)
    .filter((text) => !(text.startsWith("// @") && known.has(text)))
    .join("\n\n");
}

/** Each declaration is a paragraph, with the comment before it. */
function paragraphs(report) {
  return report.split("\n\n");
}

function printNotExported(name, report) {
  const names = report.matchAll(/^(?:declare |abstract )*(?:interface|type|class|const|function) (\w+)/gm);
  const unexported = new Set([...names].map(([, found]) => found));
  for (const found of [...unexported]) {
    if (new RegExp(`^export \\{ ${found}\\b`, "m").test(report)) unexported.delete(found);
  }
  if (unexported.size > 0)
    console.log(`${name} refers to declarations that nothing exports: ${[...unexported].join(", ")}`);
}

/** Compares the folders, and prints the differences. */
function differs() {
  const options = ["--no-pager", "diff", "--no-index", "--no-color", folder, generated];
  return spawnSync("git", options, { stdio: "inherit" }).status !== 0;
}
