// Reads a mini-program folder: app.json, its pages, and every component they reach.
import fs from 'node:fs';
import path from 'node:path';
import { lineAt } from './problems.mjs';

/**
 * @typedef {object} Unit a page or a component
 * @property {string} path  e.g. `pages/home/home`, no extension
 * @property {boolean} isPage
 * @property {Record<string, any>} json
 * @property {Record<string, string>} using  tag → absolute component path, `/components/card/card`
 */

export class AppSource {
  /**
   * @param {string} root absolute path of the app folder
   * @param {import('./problems.mjs').Problems} problems
   */
  constructor(root, problems) {
    this.root = root;
    this.problems = problems;
    this.config = this.json('app.json') ?? { pages: [] };
    this.theme = this.config.themeLocation ? (this.json(this.config.themeLocation) ?? {}) : {};
    /** @type {string[]} */
    this.pages = pagePaths(this.config);
    /** @type {Map<string, Unit>} */
    this.units = new Map();
    for (const page of this.pages) this.#walk(page, true, 'app.json');
  }

  has(file) {
    return fs.existsSync(path.join(this.root, file));
  }

  text(file) {
    return fs.readFileSync(path.join(this.root, file), 'utf8');
  }

  /** Parsed JSON, or undefined (and a problem) where the file is missing or broken. */
  json(file) {
    if (!this.has(file)) {
      this.problems.add(file, 'file is missing');
      return undefined;
    }
    const source = this.text(file);
    try {
      return JSON.parse(source);
    } catch (error) {
      const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
      this.problems.add(file, `not JSON: ${error.message}`, { line: lineAt(source, position) });
      return undefined;
    }
  }

  /** Absolute path of a unit's code, or undefined. */
  script(unitPath) {
    return ['.ts', '.js'].map((e) => unitPath + e).find((file) => this.has(file));
  }

  /** All files below the app folder, relative, sorted. */
  files() {
    return fs
      .readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.root, path.join(entry.parentPath, entry.name)))
      .map((file) => file.split(path.sep).join('/'))
      .sort();
  }

  #walk(unitPath, isPage, namedIn, tag) {
    if (this.units.has(unitPath)) return;
    const what = isPage ? `page "${unitPath}"` : `component "${tag}"`;
    const at = isPage ? this.#entryOf(unitPath) : `"${tag}"`;
    if (!this.has(`${unitPath}.wxml`))
      this.problems.add(namedIn, `${what} has no ${unitPath}.wxml`, { at });
    if (!this.script(unitPath)) this.problems.add(namedIn, `${what} has no ${unitPath}.ts`, { at });
    const file = `${unitPath}.json`;
    const json = isPage && !this.has(file) ? {} : (this.json(file) ?? {});
    const unit = { path: unitPath, isPage, json, using: {} };
    this.units.set(unitPath, unit);
    if (!isPage && json.component !== true)
      this.problems.add(file, 'a component needs "component": true');
    this.#follow(unit, 'app.json', this.config.usingComponents); // known in every page and component
    this.#follow(unit, file, json.usingComponents);
  }

  /** A page as app.json writes it: whole, or below the root of its subpackage. */
  #entryOf(page) {
    const whole = `"${page}"`;
    return this.text('app.json').includes(whole) ? whole : `${path.posix.basename(page)}"`;
  }

  #follow(unit, file, references = {}) {
    for (const [tag, reference] of Object.entries(references)) {
      const target = resolveReference(reference, file === 'app.json' ? 'app' : unit.path);
      if (!this.has(`${target}.json`)) {
        this.problems.add(file, `component "${tag}" → ${reference} not found`, { at: `"${tag}"` });
        continue;
      }
      unit.using[tag] = `/${target}`;
      this.#walk(target, false, file, tag);
    }
  }
}

/** Path below the app folder of something named in `from`: absolute (`/a/b`) or relative. */
export function resolveReference(reference, from) {
  return reference.startsWith('/')
    ? reference.slice(1)
    : path.posix.join(path.posix.dirname(from), reference);
}

function pagePaths(config) {
  const packages = config.subPackages ?? config.subpackages ?? [];
  const inside = packages.flatMap((one) => one.pages.map((p) => path.posix.join(one.root, p)));
  return [...(config.pages ?? []), ...inside];
}
