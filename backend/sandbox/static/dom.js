// Building and refreshing the page without losing the keyboard's place. Text is only ever text.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const drawn = new Map();

/** Draw a part again only if its facts changed; put the focus back where it was. */
export function draw(id, facts, build) {
  const text = JSON.stringify(facts);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const place = document.getElementById(id);
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...[build(facts)].flat().filter((child) => child !== null));
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

export function button(label, key, act, attributes = {}) {
  const onclick = async (event) => {
    event.currentTarget.disabled = true;
    const pressed = event.currentTarget;
    try {
      await act();
    } finally {
      pressed.disabled = false;
    }
  };
  return make('button', { type: 'button', 'data-key': key, onclick, ...attributes }, label);
}

export function toggle(label, key, checked, act) {
  const onchange = (event) => act(event.currentTarget.checked);
  const box = make('input', { type: 'checkbox', role: 'switch', 'data-key': key, onchange });
  box.checked = checked;
  return make('label', { class: 'toggle' }, box, make('span', {}, label));
}

/** 14:05 today, 11月23日 14:05 on another day; always the city's clock, as the texts say. */
export function moment(iso) {
  const [, month, day, time] = /^\d+-(\d+)-(\d+)T(\d+:\d+)/.exec(iso);
  const city = new Date().toLocaleDateString('sv', { timeZone: 'Asia/Shanghai' });
  return iso.startsWith(city) ? time : `${Number(month)}月${Number(day)}日 ${time}`;
}

/** A labelled choice; `options` are pairs of value and text. */
export function choice(label, key, value, options, act) {
  const onchange = (event) => act(event.currentTarget.value);
  const select = make('select', { 'data-key': key, onchange },
    ...options.map(([option, text]) =>
      make('option', { value: option, selected: String(option) === String(value) }, text)));
  return make('label', { class: 'pick' }, make('span', {}, label), select);
}
