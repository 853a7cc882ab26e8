const layer = () => document.querySelector('#layer');
const h = (tag, cls, ...kids) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  e.append(...kids);
  return e;
};
const btn = (t, fn) => {
  const b = h('button', '', t);
  b.type = 'button';
  b.onclick = fn;
  return b;
};
export function dialog(build, cls = '') {
  return new Promise((res) => {
    const box = h('div', 'wx-dialog ' + cls);
    box.setAttribute('role', 'dialog');
    box.setAttribute('aria-modal', 'true');
    const mask = h('div', 'wx-mask', box);
    const close = (v) => {
      mask.remove();
      res(v);
    };
    mask.onkeydown = (e) => {
      if (e.key === 'Escape') close(null);
    };
    build(box, close);
    layer().append(mask);
    (box.querySelector('input,button') || box).focus();
  });
}
export const modal = (o) =>
  dialog((b, close) => {
    let inp;
    b.append(h('h2', '', o.title || ''), h('p', '', o.content || ''));
    if (o.editable) {
      inp = document.createElement('input');
      inp.placeholder = o.placeholderText || '';
      b.append(inp);
    }
    if (o.showCancel !== false)
      b.append(btn(o.cancelText || '取消', () => close({ confirm: false, cancel: true })));
    b.append(
      btn(o.confirmText || '确定', () =>
        close({ confirm: true, cancel: false, content: inp ? inp.value : null }),
      ),
    );
  }).then((v) => v || { confirm: false, cancel: true });
export const sheet = (items) =>
  dialog((b, close) => {
    const col = h('div', 'col');
    items.forEach((t, i) => col.append(btn(t, () => close(i))));
    b.append(
      col,
      btn('取消', () => close(null)),
    );
  }, 'sheet');
export async function pick(d) {
  const label = (x) => String(d.rangeKey ? x[d.rangeKey] : x);
  if (d.mode === 'selector') {
    const i = await sheet(d.range.map(label));
    return i === null ? null : String(i);
  }
  return dialog((b, close) => {
    let read;
    if (d.mode === 'date' || d.mode === 'time') {
      const i = document.createElement('input');
      i.type = d.mode;
      if (d.fields === 'month') i.type = 'month';
      i.min = d.start;
      i.max = d.end;
      i.value = d.value || '';
      b.append(i);
      read = () => i.value || null;
    } else if (d.mode === 'multiSelector') {
      const ss = d.range.map((col, k) => {
        const s = document.createElement('select');
        col.forEach((x, i) => s.append(new Option(label(x), i)));
        s.value = (d.value || [])[k] || 0;
        b.append(s);
        return s;
      });
      read = () => ss.map((s) => +s.value);
    } else {
      b.append(`picker mode ${d.mode} is not simulated`);
      read = () => null;
    }
    b.append(
      h(
        'div',
        '',
        btn('取消', () => close(null)),
        btn('确定', () => close(read())),
      ),
    );
  }, 'sheet');
}
let toastEl;
export function toast(o, sticky) {
  untoast();
  toastEl = h('div', 'wx-toast', o.title || '');
  toastEl.setAttribute('role', 'status');
  layer().append(toastEl);
  const me = toastEl;
  if (!sticky) setTimeout(() => me.remove(), o.duration || 1500);
}
export function untoast() {
  if (toastEl) toastEl.remove();
}
