// The phone frame: which demo phone, light or dark, text size, network.
const screen = document.querySelector('#screen');
const phones = document.querySelector('#phone');
const form = document.querySelector('#settings');
const notice = document.querySelector('#notice');
const STORED = ['theme', 'font'];
const PREFIX = 'preview-frame:';

const chosen = (name) => form.elements[name].value;

/** Start the mini-program anew, at the page that our own address names. */
function open(hash = '') {
  const parameters = new URLSearchParams({ font: chosen('font') });
  const { searchParams } = new URL(location.href);
  if (searchParams.has('phone')) parameters.set('phone', searchParams.get('phone'));
  // replace(), because setting src would add a step to the history of this page
  screen.contentWindow.location.replace(
    new URL(`app.html?${parameters}${hash}`, location.href).href,
  );
}

function applyTheme() {
  const theme = chosen('theme');
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // the page in the frame takes its prefers-color-scheme from the frame's own scheme
  screen.style.colorScheme = theme === 'system' ? '' : theme;
}

function applyNetwork() {
  const message = { kind: 'network', connected: chosen('network') === 'on' };
  screen.contentWindow.postMessage(message, location.origin);
}

async function readPhones() {
  const response = await fetch('/sandbox/api/phones');
  if (!response.ok) throw new Error(`the sandbox answered ${response.status}`);
  const { items } = await response.json();
  const fixed = new URL(location.href).searchParams.get('phone');
  phones.replaceChildren(
    ...items.map(({ id, name, chosen: isChosen }) => {
      const selected = fixed ? String(id) === fixed : isChosen;
      return new Option(name, id, selected, selected);
    }),
  );
  phones.disabled = false;
}

async function choosePhone() {
  const id = encodeURIComponent(phones.value);
  const response = await fetch(`/sandbox/api/phones/${id}/choose`, { method: 'POST' });
  if (!response.ok) throw new Error(`the sandbox answered ${response.status}`);
  history.replaceState(null, '', location.pathname); // a phone fixed in the address is so no longer
  open();
}

function sandboxFailed(error) {
  console.error(error);
  notice.textContent = '微信沙箱没有应答，请确认它已经启动。';
}

function remember() {
  for (const name of STORED) localStorage.setItem(PREFIX + name, chosen(name));
}

form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('change', ({ target }) => {
  remember();
  if (target.name === 'theme') applyTheme();
  if (target.name === 'font') open(screen.contentWindow.location.hash);
  if (target.name === 'network') applyNetwork();
  if (target.name === 'phone') choosePhone().catch(sandboxFailed);
});
document.querySelector('#reopen').addEventListener('click', () => open());
screen.addEventListener('load', applyNetwork);

for (const name of STORED) {
  const value = localStorage.getItem(PREFIX + name);
  if (value) form.elements[name].value = value;
}
applyTheme();
open(location.hash);
readPhones().catch(sandboxFailed);
