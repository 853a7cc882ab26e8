// WXML and WXS → the code glass-easel draws from.
import path from 'node:path';
import { createRequire } from 'node:module';
import { BUILTIN_TAGS } from '../runtime/tags.js';
import { lineAt } from './problems.mjs';
import { resolveReference } from './source.mjs';

const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler');
const SYNTAX_TAGS = ['block', 'template', 'import', 'include', 'wxs', 'slot'];

/**
 * Compile every template the app reaches.
 * @param {import('./source.mjs').AppSource} app
 * @returns {string} an expression: template path → generator
 */
export function compileTemplates(app) {
  const compiler = new TemplateCompiler(app);
  for (const unit of app.units.keys()) compiler.addTemplate(unit);
  for (const template of compiler.templates) checkTags(app, template);
  return compiler.group.getTmplGenObjectGroups();
}

class TemplateCompiler {
  constructor(app) {
    this.app = app;
    this.group = TmplGroup.newDev();
    this.templates = new Set();
    this.scripts = new Set();
  }

  addTemplate(name, namedIn) {
    if (this.templates.has(name)) return;
    const file = `${name}.wxml`;
    if (!this.app.has(file)) {
      // a page or component without one was already reported by AppSource
      if (namedIn) this.app.problems.add(`${namedIn}.wxml`, `${file} does not exist`);
      return;
    }
    this.templates.add(name);
    for (const warning of this.group.addTmpl(name, this.app.text(file)))
      if (warning.level !== 'Note')
        this.app.problems.add(file, `${warning.message} (column ${warning.startColumn + 1})`, {
          line: warning.startLine + 1,
        });
    for (const other of this.group.getDirectDependencies(name)) this.addTemplate(other, name);
    for (const script of this.group.getScriptDependencies(name)) this.addScript(script, file);
  }

  addScript(name, namedIn) {
    const file = `${name}.wxs`;
    if (this.scripts.has(name)) return;
    this.scripts.add(name);
    if (!this.app.has(file)) {
      this.app.problems.add(namedIn, `${file} does not exist`, { at: path.posix.basename(file) });
      return;
    }
    const source = this.app.text(file);
    this.group.addScript(name, source); // <wxs src> drops the extension …
    this.group.addScript(file, source); // … and require() inside WXS keeps it
    for (const [, other] of source.matchAll(/require\(\s*['"]([^'"]+)\.wxs['"]\s*\)/g))
      this.addScript(resolveReference(other, name), file);
  }
}

/** An unknown tag compiles to a native node and WeChat draws nothing, so it is refused here. */
function checkTags(app, template) {
  const file = `${template}.wxml`;
  const unit = app.units.get(template);
  const units = unit ? [unit] : [...app.units.values()]; // a shared template: any importer's tags
  const known = new Set([
    ...BUILTIN_TAGS,
    ...SYNTAX_TAGS,
    ...units.flatMap((one) => [
      ...Object.keys(one.using),
      ...Object.keys(one.json.componentGenerics ?? {}),
    ]),
  ]);
  const source = blank(
    app.text(file),
    /<!--[\s\S]*?-->|<wxs[^>]*>[\s\S]*?<\/wxs>|\{\{[\s\S]*?\}\}/g,
  );
  for (const match of source.matchAll(/<([A-Za-z][\w-]*)/g))
    if (!known.has(match[1]))
      app.problems.add(file, `<${match[1]}> is neither built in nor in usingComponents`, {
        line: lineAt(source, match.index),
      });
}

/** Overwrite what matches with spaces, so that line numbers stay. */
function blank(source, pattern) {
  return source.replace(pattern, (found) => found.replace(/[^\n]/g, ' '));
}
