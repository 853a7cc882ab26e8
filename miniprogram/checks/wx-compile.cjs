// node checks/wx-compile.cjs — optional, `make check-wx`.
// Compiles the mini-program with miniprogram-ci, the compiler core of WeChat DevTools. It brings
// 1,100 packages, so it is installed apart, into var/miniprogram-ci, and only when this is run.
// Exit 0: compiled. 1: the compiler refused something. 2: it could not be run, which is no pass.
const { execFileSync } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const VERSION = '2.1.42'; // project.attr() below is undocumented: keep the version
const REFUSED = 1;
const NOT_RUN = 2;
const project = path.join(__dirname, '..');
const home = path.join(project, '../var/miniprogram-ci');
// What Tencent's server would say about an account's limits; asking it needs a bound key.
const LIMITS = {
  MaxCodeSize: 2,
  MaxSubpackageSubCodeSize: 2,
  MaxSubpackageFullCodeSize: 20,
  NavigateMiniprogramLimit: 10,
  MaxSubPackageLimit: 100,
  MinTabbarCount: 2,
  MaxTabbarCount: 5,
  MaxCustomTabbarCount: 500,
  MaxTabbarIconSize: 40,
};

async function main() {
  let ci;
  let key;
  try {
    ci = loadCompiler();
    key = throwAwayKey();
  } catch (error) {
    console.error(`NOT RUN: miniprogram-ci ${VERSION} does not start here: ${error.message}`);
    return NOT_RUN;
  }
  const { appid } = JSON.parse(fs.readFileSync(path.join(project, 'project.config.json'), 'utf8'));
  const compiled = new ci.Project({
    appid: appid.startsWith('wx') ? appid : 'wx0000000000000000',
    type: 'miniProgram',
    projectPath: project,
    privateKeyPath: key,
    ignores: ['node_modules/**/*', 'preview/**/*', 'checks/**/*'],
  });
  compiled.attr = async () => ({
    platform: false,
    appType: 0,
    isSandbox: false,
    released: false,
    setting: LIMITS,
    appName: '',
  });
  try {
    const options = { project: compiled, version: '0', setting: { es6: true, minify: true } };
    await ci.getCompiledResult(options, path.join(home, 'compiled.zip'));
  } catch (error) {
    console.error(`REFUSED by WeChat's compiler: ${error.message ?? error}`);
    return REFUSED;
  }
  const bytes = fs.statSync(path.join(home, 'compiled.zip')).size;
  console.log(`compiled by WeChat's compiler: ${Math.ceil(bytes / 1024)} kB zipped`);
  return 0;
}

function loadCompiler() {
  const manifest = path.join(home, 'node_modules/miniprogram-ci/package.json');
  if (!fs.existsSync(manifest)) {
    fs.mkdirSync(home, { recursive: true });
    fs.writeFileSync(path.join(home, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--no-audit', '--no-fund', `miniprogram-ci@${VERSION}`];
    execFileSync('npm', install, { cwd: home, stdio: 'inherit' });
  }
  return createRequire(manifest)('miniprogram-ci');
}

/** The compiler wants a key even where nothing is uploaded. */
function throwAwayKey() {
  const file = path.join(home, 'key.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' });
  fs.writeFileSync(file, pem, { mode: 0o600 });
  return file;
}

main().then((code) => process.exit(code)); // it leaves timers behind
