// app.json, theme.json and page settings: keys that exist, colours that are colours, files that are there.
const APP_KEYS = new Set(
  (
    'pages window tabBar darkmode themeLocation style componentFramework lazyCodeLoading ' +
    'sitemapLocation usingComponents subPackages subpackages entryPagePath networkTimeout ' +
    'permission requiredPrivateInfos __usePrivacyCheck__ preloadRule debug $schema'
  ).split(' '),
);
const HEX = /^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/;
const isColour = (value) => HEX.test(value) || 'must be a colour like #0b7a4b';
const oneOf =
  (...values) =>
  (value) =>
    values.includes(value) || `must be one of ${values.join(', ')}`;
const isText = (value) => typeof value === 'string' || 'must be a text';
const isFlag = (value) => typeof value === 'boolean' || 'must be true or false';
const isNumber = (value) => typeof value === 'number' || 'must be a number';

const WINDOW = {
  navigationBarBackgroundColor: isColour,
  navigationBarTextStyle: oneOf('black', 'white'),
  navigationBarTitleText: isText,
  navigationStyle: oneOf('default', 'custom'),
  backgroundColor: isColour,
  backgroundTextStyle: oneOf('dark', 'light'),
  backgroundColorTop: isColour,
  backgroundColorBottom: isColour,
  enablePullDownRefresh: isFlag,
  onReachBottomDistance: isNumber,
};
const PAGE_ONLY = new Set(
  (
    'component usingComponents componentGenerics componentPlaceholder styleIsolation ' +
    'disableScroll pureDataPattern virtualHost $schema'
  ).split(' '),
);
const TAB_BAR = {
  color: isColour,
  selectedColor: isColour,
  backgroundColor: isColour,
  borderStyle: oneOf('black', 'white'),
  position: oneOf('bottom'),
};

/** @param {import('./source.mjs').AppSource} app */
export function checkManifest(app) {
  const { config, problems } = app;
  for (const key of Object.keys(config))
    if (!APP_KEYS.has(key))
      problems.add('app.json', `unknown setting "${key}"`, { at: `"${key}"` });
  if (!config.pages?.length) problems.add('app.json', '"pages" is empty');
  checkTheme(app);
  checkSettings(app, 'app.json', config.window ?? {}, WINDOW);
  for (const unit of app.units.values()) {
    const own = Object.entries(unit.json).filter(([key]) => !PAGE_ONLY.has(key));
    checkSettings(app, `${unit.path}.json`, Object.fromEntries(own), WINDOW);
  }
  if (config.sitemapLocation && !app.has(config.sitemapLocation))
    problems.add('app.json', `${config.sitemapLocation} does not exist`, { at: 'sitemapLocation' });
  if (config.tabBar) checkTabBar(app, config.tabBar);
  checkUnlistedPages(app);
}

function checkTheme({ config, theme, problems }) {
  if (Boolean(config.darkmode) !== Boolean(config.themeLocation))
    problems.add('app.json', '"darkmode" and "themeLocation" belong together');
  if (!config.themeLocation) return;
  const { light = {}, dark = {} } = theme;
  for (const name of new Set([...Object.keys(light), ...Object.keys(dark)]))
    for (const [mode, values] of Object.entries({ light, dark }))
      if (!(name in values))
        problems.add(config.themeLocation, `"${name}" has no value for ${mode}`, {
          at: `"${name}"`,
        });
}

function checkSettings(app, file, settings, known) {
  for (const [key, value] of Object.entries(settings)) {
    const where = { at: `"${key}"` };
    if (!known[key]) {
      app.problems.add(file, `unknown setting "${key}"`, where);
      continue;
    }
    for (const [mode, plain] of themed(app, value)) {
      const verdict = plain === undefined ? 'is not declared in theme.json' : known[key](plain);
      if (verdict === true) continue;
      app.problems.add(file, `"${key}": "${value}" (${mode}) ${verdict}`, where);
      break;
    }
  }
}

/** A value as each mode sees it: `@name` is looked up in theme.json. */
function themed({ theme }, value) {
  if (typeof value !== 'string' || !value.startsWith('@')) return [['both modes', value]];
  const name = value.slice(1);
  return ['light', 'dark'].map((mode) => [mode, theme[mode]?.[name]]);
}

function checkTabBar(app, { list, ...settings }) {
  const { problems } = app;
  checkSettings(app, 'app.json', settings, TAB_BAR);
  if (!Array.isArray(list) || list.length < 2 || list.length > 5) {
    problems.add('app.json', 'tabBar needs 2 to 5 entries', { at: '"tabBar"' });
    return;
  }
  for (const tab of list) {
    const at = `"${tab.pagePath}"`;
    if (!app.config.pages.includes(tab.pagePath))
      problems.add('app.json', `tab ${at} is not one of the pages`, { at });
    if (!tab.text) problems.add('app.json', `tab ${at} has no text`, { at });
    for (const key of ['iconPath', 'selectedIconPath']) if (tab[key]) checkIcon(app, tab[key]);
  }
}

function checkIcon(app, value) {
  const where = { at: `"${value}"` };
  for (const [mode, file] of themed(app, value)) {
    const what =
      (file === undefined && 'is not declared in theme.json') ||
      (!app.has(file) && 'does not exist') ||
      (!/\.(png|jpe?g)$/.test(file) && 'is neither png nor jpg, WeChat draws no other icons');
    if (!what) continue;
    app.problems.add('app.json', `tab icon "${value}" (${mode}) ${what}`, where);
    break;
  }
}

/** A page folder that app.json does not name would silently never open. */
function checkUnlistedPages(app) {
  for (const file of app.files()) {
    const unit = file.replace(/\.wxml$/, '');
    if (!file.startsWith('pages/') || unit === file || app.units.has(unit)) continue;
    if (app.script(unit)) app.problems.add(file, 'is a page that app.json does not name');
  }
}
