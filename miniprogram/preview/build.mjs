// Compile a native mini-program folder into a browser page (glass-easel = WeChat's own component framework).
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import esbuild from 'esbuild';
import postcss from 'postcss';
import sel from 'postcss-selector-parser';
import { BUILTIN_TAGS } from './runtime/tags.js';
const { TmplGroup } = createRequire(import.meta.url)('glass-easel-template-compiler');

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.resolve(process.argv[2] || path.join(here, '../app'));
const out = path.resolve(process.argv[3] || path.join(here, 'dist'));
const t0 = Date.now(),
  problems = [];
const readJson = (p) => JSON.parse(fs.readFileSync(p, 'utf8'));
const rel = (p) => path.relative(root, p).split(path.sep).join('/');
const app = readJson(path.join(root, 'app.json'));
const theme = app.themeLocation ? readJson(path.join(root, app.themeLocation)) : {};

// ---- 1. walk pages and the components they use
const comps = new Map();
function resolveComp(ref, from) {
  const tries = ref.startsWith('/')
    ? [ref.slice(1)]
    : [
        path.posix.join(path.posix.dirname(from), ref),
        path.posix.join('miniprogram_npm', ref),
        path.posix.join('miniprogram_npm', ref, 'index'),
      ];
  return tries.find((t) => fs.existsSync(path.join(root, t + '.json')));
}
function walk(p) {
  if (comps.has(p)) return;
  const f = path.join(root, p + '.json');
  const json = fs.existsSync(f) ? readJson(f) : {};
  const using = {};
  comps.set(p, { json, using });
  for (const [tag, ref] of Object.entries({
    ...(json.component ? {} : app.usingComponents),
    ...json.usingComponents,
  })) {
    const r = resolveComp(ref, p);
    if (!r) {
      problems.push(`${p}.json: component "${tag}" -> ${ref} not found`);
      continue;
    }
    using[tag] = '/' + r;
    walk(r);
  }
}
const pages = [
  ...app.pages,
  ...(app.subPackages || app.subpackages || []).flatMap((s) =>
    s.pages.map((x) => path.posix.join(s.root, x)),
  ),
];
pages.forEach(walk);

// ---- 2. WXML + WXS
const group = process.env.PROD ? new TmplGroup() : TmplGroup.newDev();
const done = new Set();
function addScript(p) {
  if (done.has(p + '.wxs')) return;
  done.add(p + '.wxs');
  const src = fs.readFileSync(path.join(root, p + '.wxs'), 'utf8');
  group.addScript(p, src);
  group.addScript(p + '.wxs', src); // require() inside wxs keeps the extension
  for (const m of src.matchAll(/require\(\s*['"]([^'"]+)\.wxs['"]\s*\)/g))
    addScript(m[1].startsWith('/') ? m[1].slice(1) : path.posix.join(path.posix.dirname(p), m[1]));
}
function addWxml(p) {
  if (done.has(p)) return;
  done.add(p);
  const f = path.join(root, p + '.wxml');
  if (!fs.existsSync(f)) {
    problems.push(`${p}.wxml missing`);
    return;
  }
  for (const w of group.addTmpl(p, fs.readFileSync(f, 'utf8')))
    if (w.level !== 'Note')
      problems.push(`${p}.wxml:${w.startLine + 1}:${w.startColumn + 1} ${w.level}: ${w.message}`);
  group.getDirectDependencies(p).forEach(addWxml);
  group.getScriptDependencies(p).forEach(addScript);
}
for (const p of comps.keys()) addWxml(p);
// unknown tags: the compiler takes them as native nodes, WeChat draws nothing, so fail here
const everyTag = new Set([
  ...BUILTIN_TAGS,
  'block',
  'template',
  'import',
  'include',
  'wxs',
  'slot',
  ...[...comps.values()].flatMap((c) => [
    ...Object.keys(c.using),
    ...Object.keys(c.json.componentGenerics || {}),
  ]),
]);
for (const p of done) {
  if (
    p.endsWith('.wxs') ||
    p.startsWith('miniprogram_npm/') ||
    !fs.existsSync(path.join(root, p + '.wxml'))
  )
    continue;
  const c = comps.get(p);
  const own =
    c &&
    new Set([
      ...BUILTIN_TAGS,
      'block',
      'template',
      'import',
      'include',
      'wxs',
      'slot',
      ...Object.keys(c.using),
      ...Object.keys(c.json.componentGenerics || {}),
    ]);
  const src = fs
    .readFileSync(path.join(root, p + '.wxml'), 'utf8')
    .replace(/<!--[\s\S]*?-->|<wxs[^>]*>[\s\S]*?<\/wxs>/g, '')
    .replace(/\{\{[\s\S]*?\}\}/g, '');
  for (const m of src.matchAll(/<([A-Za-z][\w-]*)/g))
    if (!(own || everyTag).has(m[1]))
      problems.push(`${p}.wxml: <${m[1]}> is neither built in nor in usingComponents`);
}

// ---- 3. WXSS -> CSS
const tagSel = new Set(BUILTIN_TAGS);
function css(p, kind, scope, seen = new Set()) {
  const f = path.join(root, p + '.wxss');
  if (!fs.existsSync(f) || seen.has(f)) return '';
  seen.add(f);
  const ast = postcss.parse(fs.readFileSync(f, 'utf8'), { from: rel(f) });
  let imported = '';
  ast.walkAtRules('import', (r) => {
    const u = r.params.replace(/^url\(|\)$|['"]/g, '').replace(/\.wxss$/, '');
    imported += css(
      u.startsWith('/') ? u.slice(1) : path.posix.join(path.posix.dirname(p), u),
      kind,
      scope,
      seen,
    );
    r.remove();
  });
  ast.walkDecls((d) => {
    d.value = d.value.replace(/(-?\d*\.?\d+)rpx\b/g, 'calc($1 * var(--rpx))');
  });
  ast.walkRules((r) => {
    if (r.parent.type === 'atrule' && /keyframes$/.test(r.parent.name)) return;
    r.selector = sel((s) => {
      s.walkTags((t) => {
        if (t.value === 'page') t.value = 'wx-page';
        else if (tagSel.has(t.value)) t.value = 'wx-' + t.value;
      });
      s.walkPseudos((x) => {
        if (x.value === ':host')
          x.replaceWith(
            sel.attribute({
              attribute: 'wx-host',
              operator: '=',
              value: scope || '',
              quoteMark: '"',
              raws: {},
            }),
          );
      });
      if (kind === 'comp')
        s.walkClasses((c) => {
          c.value = scope + '--' + c.value;
        });
      if (kind === 'page')
        s.each((one) => {
          const first = one.first;
          const at = sel.attribute({ attribute: `data-route="${scope}"` }); // verbatim: the route holds slashes
          if (first.type === 'tag' && first.value === 'wx-page') one.insertAfter(first, at);
          else {
            one.prepend(sel.combinator({ value: ' ' }));
            one.prepend(at);
            one.prepend(sel.tag({ value: 'wx-page' }));
          }
        });
    }).processSync(r.selector);
  });
  return imported + ast.toString() + '\n';
}
const scopes = {};
let sheet = css('app', 'app');
let n = 0;
for (const [p, c] of comps) {
  const isPage = pages.includes(p);
  const iso = c.json.styleIsolation || (c.json.component ? 'isolated' : 'shared');
  if (isPage) sheet += css(p, 'page', p);
  else if (iso === 'shared') sheet += css(p, 'app');
  else sheet += css(p, 'comp', (scopes[p] = 's' + n++));
}

// ---- 4. JS entry: one bundle, modules evaluated in mini-program order
const js = (p) => ['.ts', '.js'].map((e) => path.join(root, p + e)).find((f) => fs.existsSync(f));
let entry = `import { define, start } from ${JSON.stringify(path.join(here, 'runtime/boot.js'))}\n`;
entry += `const G = ${group.getTmplGenObjectGroups()}\n`;
entry += `const CFG = ${JSON.stringify({ app, theme, pages, pageJson: Object.fromEntries(pages.map((p) => [p, comps.get(p).json])) })}\n`;
entry += `define(G, ${JSON.stringify([...comps].map(([p, c]) => ({ path: p, json: { ...c.json, usingComponents: c.using }, scope: scopes[p], hasTmpl: true })))}, CFG, {\n`;
for (const p of ['app', ...comps.keys()])
  if (js(p)) entry += `  ${JSON.stringify(p)}: () => require(${JSON.stringify(js(p))}),\n`;
entry += `})\nstart()\n`;
fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
// mini-program npm lookup: the nearest miniprogram_npm up the tree, as WeChat does
const npmAlias = {
  name: 'mp-npm',
  setup(b) {
    b.onResolve({ filter: /^[^./]/ }, (a) => {
      if (!a.importer.startsWith(root)) return;
      for (let d = path.dirname(a.importer); d.startsWith(root); d = path.dirname(d))
        for (const t of [a.path + '.js', a.path + '/index.js', a.path]) {
          const f = path.join(d, 'miniprogram_npm', t);
          if (fs.existsSync(f) && fs.statSync(f).isFile()) return { path: f };
        }
    });
  },
};
const r = await esbuild.build({
  stdin: { contents: entry, resolveDir: here, sourcefile: 'entry.js', loader: 'js' },
  bundle: true,
  outfile: path.join(out, 'app.js'),
  format: 'iife',
  target: 'es2020',
  sourcemap: true,
  minify: !!process.env.PROD,
  logLevel: 'warning',
  plugins: [npmAlias],
  metafile: true,
});
fs.writeFileSync(
  path.join(out, 'app.css'),
  fs.readFileSync(path.join(here, 'runtime/base.css'), 'utf8') + sheet,
);
for (const f of ['index.html', 'app.html'])
  fs.copyFileSync(path.join(here, 'runtime', f), path.join(out, f));
for (const f of fs.readdirSync(root, { recursive: true }))
  if (/\.(png|jpe?g|svg|gif|webp)$/.test(f)) {
    fs.mkdirSync(path.dirname(path.join(out, f)), { recursive: true });
    fs.copyFileSync(path.join(root, f), path.join(out, f));
  }
for (const p of problems) console.error('PROBLEM ' + p);
const kb = (f) => (fs.statSync(path.join(out, f)).size / 1024).toFixed(1);
const mine = Object.entries(r.metafile.inputs).filter(([f]) =>
  path.resolve(f).startsWith(root),
).length;
console.log(
  `built ${pages.length} pages, ${comps.size - pages.length} components, ${mine} scripts in ${Date.now() - t0} ms: app.js ${kb('app.js')} kB, app.css ${kb('app.css')} kB`,
);
process.exit(problems.length ? 1 : 0);
