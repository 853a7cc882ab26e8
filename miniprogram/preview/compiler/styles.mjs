// WXSS → one CSS file: rpx, tag names, and the scopes that WeChat gives pages and components.
import postcss from 'postcss';
import selectorParser from 'postcss-selector-parser';
import { BUILTIN_TAGS } from '../runtime/tags.js';
import { resolveReference } from './source.mjs';

const TAGS = new Set(BUILTIN_TAGS);

/**
 * @param {import('./source.mjs').AppSource} app
 * @returns {{css: string, scopes: Record<string, string>}} scopes: component path → class prefix
 */
export function compileStyles(app) {
  const scopes = {};
  let css = app.has('app.wxss') ? sheet(app, 'app', shared) : '';
  for (const unit of app.units.values()) {
    const isolation = unit.json.styleIsolation ?? (unit.isPage ? 'shared' : 'isolated');
    if (unit.isPage) css += sheet(app, unit.path, insidePage(unit.path));
    else if (isolation === 'shared') css += sheet(app, unit.path, shared);
    else {
      const scope = `s${Object.keys(scopes).length}`;
      scopes[unit.path] = scope;
      css += sheet(app, unit.path, insideComponent(scope));
    }
  }
  return { css, scopes };
}

/** The rules of one sheet and of those it imports. Missing sheets are allowed, as in WeChat. */
function sheet(app, name, scoped, seen = new Set()) {
  const file = `${name}.wxss`;
  if (seen.has(file) || !app.has(file)) return '';
  seen.add(file);
  let tree;
  try {
    tree = postcss.parse(app.text(file), { from: file });
  } catch (error) {
    app.problems.add(file, error.reason ?? error.message, { line: error.line });
    return '';
  }
  let imported = '';
  tree.walkAtRules('import', (rule) => {
    const target = rule.params.replace(/^url\(|\)$|['"]/g, '').replace(/\.wxss$/, '');
    const other = resolveReference(target, name);
    if (!app.has(`${other}.wxss`))
      app.problems.add(file, `${target}.wxss does not exist`, { line: rule.source.start.line });
    imported += sheet(app, other, scoped, seen);
    rule.remove();
  });
  tree.walkDecls((declaration) => {
    declaration.value = declaration.value.replace(/(-?\d*\.?\d+)rpx\b/g, 'calc($1 * var(--rpx))');
  });
  tree.walkRules((rule) => {
    if (rule.parent.type === 'atrule' && rule.parent.name.endsWith('keyframes')) return;
    rule.selector = selectorParser(scoped).processSync(rule.selector);
  });
  return `${imported}${tree}\n`;
}

/** `view` → `wx-view`, `page` → `wx-page`: the names the runtime gives its elements. */
function renameTags(selectors) {
  selectors.walkTags((tag) => {
    if (TAGS.has(tag.value)) tag.value = `wx-${tag.value}`;
  });
}

function shared(selectors) {
  renameTags(selectors);
}

const insidePage = (route) => (selectors) => {
  renameTags(selectors);
  selectors.each((selector) => {
    // built by hand: the parser would not quote a route's slashes
    const attribute = selectorParser.attribute({ attribute: `data-route="${route}"` });
    const { first } = selector;
    if (first.type === 'tag' && first.value === 'wx-page') {
      selector.insertAfter(first, attribute);
      return;
    }
    selector.prepend(selectorParser.combinator({ value: ' ' }));
    selector.prepend(attribute);
    selector.prepend(selectorParser.tag({ value: 'wx-page' }));
  });
};

const insideComponent = (scope) => (selectors) => {
  renameTags(selectors);
  selectors.walkPseudos((pseudo) => {
    if (pseudo.value !== ':host') return;
    pseudo.replaceWith(selectorParser.attribute({ attribute: `wx-host="${scope}"` }));
  });
  selectors.walkClasses((name) => {
    name.value = `${scope}--${name.value}`;
  });
};
