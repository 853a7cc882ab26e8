import fs from 'node:fs';
import postcss from 'postcss';
import selectorParser from 'postcss-selector-parser';
import { filesBelow, nameOf } from './files.mjs';

// Chromium draws all of this; phones with an older system do not, and some of it WeChat refuses.
const AT_RULES = new Set(['media', 'keyframes', 'import', 'font-face', 'supports']);
const PSEUDOS = new Set([
  ':host',
  ':active',
  ':checked',
  ':disabled',
  ':empty',
  ':first-child',
  ':last-child',
  ':nth-child',
  ':not',
  ':only-child',
  '::after',
  '::before',
  '::-webkit-scrollbar',
  ':after',
  ':before',
]);
const PROPERTIES =
  /^(-webkit-)?backdrop-filter$|^(container|anchor|view-transition|text-wrap|translate|rotate|scale)\b/;
const LOADED = /url\(\s*['"]?(?!data:)/; // WXSS draws no image of the package, and loads none
const VALUES =
  /\b(color-mix|oklch|oklab|lch|lab|light-dark|subgrid|anchor)\b\(?|\d(dvh|svh|lvh|dvw|cqw|cqh)\b/;

/** Nothing in WXSS that only a browser understands, and only classes in components. */
export function checkStyles(app) {
  return filesBelow(app)
    .filter((file) => file.endsWith('.wxss'))
    .flatMap((file) => {
      const found = [];
      const report = (node, message) =>
        found.push(`${nameOf(app, file)}:${node.source.start.line}: ${message}`);
      try {
        checkSheet(postcss.parse(fs.readFileSync(file, 'utf8')), isComponent(file), report);
      } catch (error) {
        found.push(`${nameOf(app, file)}:${error.line}: ${error.reason}`);
      }
      return found;
    });
}

function isComponent(sheet) {
  const json = sheet.replace(/wxss$/, 'json');
  return fs.existsSync(json) && JSON.parse(fs.readFileSync(json, 'utf8')).component === true;
}

function checkSheet(tree, inComponent, report) {
  tree.walkAtRules((rule) => {
    const name = rule.name.replace(/^-webkit-/, '');
    if (!AT_RULES.has(name)) report(rule, `@${rule.name} is not understood by all phones`);
  });
  tree.walkRules((rule) => {
    if (rule.parent.type === 'rule') report(rule, 'nested rules are not understood by all phones');
    if (rule.parent.name?.endsWith('keyframes')) return;
    checkSelector(rule, inComponent, report);
  });
  tree.walkDecls((declaration) => {
    const { prop, value } = declaration;
    if (PROPERTIES.test(prop)) report(declaration, `${prop} is not understood by all phones`);
    if (LOADED.test(value)) report(declaration, `${prop}: WXSS takes images only as data:`);
    const word = VALUES.exec(value)?.[0];
    if (word) report(declaration, `${prop}: "${word}" is not understood by all phones`);
  });
}

function checkSelector(rule, inComponent, report) {
  const selectors = selectorParser().astSync(rule.selector);
  selectors.walkPseudos(({ value }) => {
    if (!PSEUDOS.has(value)) report(rule, `${value} is not understood by all phones`);
  });
  selectors.walkNesting(() => report(rule, 'nesting with & is not understood by all phones'));
  selectors.walkUniversals(() => report(rule, 'WXSS has no selector *'));
  if (!inComponent) return;
  for (const kind of ['Tags', 'Ids', 'Attributes'])
    selectors[`walk${kind}`](({ type, value, attribute }) =>
      report(rule, `a component is styled by classes, not by the ${type} ${value ?? attribute}`),
    );
}
