// The phones on the left and the one in the hand: what WeChat's service notices look like.

import { button, draw, make, moment } from './dom.js';

export function drawPhones(phones, shown, show) {
  draw('phones', { phones, shown }, () =>
    phones.map((phone) =>
      button(
        '',
        `phone-${phone.id}`,
        () => show(phone.id),
        { class: 'phone', 'aria-pressed': String(phone.id === shown), 'aria-label': phone.name },
      ),
    ).map((node, index) => {
      const phone = phones[index];
      node.append(
        make('span', { class: 'face', 'aria-hidden': 'true' }, phone.name.slice(0, 1)),
        make(
          'span',
          { class: 'who' },
          make('strong', {}, phone.name),
          phone.chosen ? make('small', {}, '预览正在用') : '',
        ),
      );
      return node;
    }),
  );
}

export function drawScreen(overview, choose) {
  const phone = overview.phones.find((one) => one.id === overview.phone.id);
  const name = phone?.name ?? `手机 ${overview.phone.id}`;
  draw('screen-phone', { name, total: overview.total }, () => [
    make('span', {}, overview.total ? `${name} · ${overview.total} 条` : name),
  ]);
  draw('messages', { list: overview.messages, phone: overview.phone.id }, ({ list }) =>
    list.length ? list.map(card) : empty(),
  );
  draw('screen-links', { id: overview.phone.id, chosen: phone?.chosen }, ({ id, chosen }) => [
    make('a', { class: 'button main', href: `/preview/?phone=${id}` }, '用这部手机打开家长端'),
    chosen ? null : button('让预览用这部手机', 'choose', () => choose(id)),
  ]);
}

function card(message) {
  return make(
    'article',
    { class: 'notice' },
    make(
      'header',
      {},
      make('span', { class: 'logo', 'aria-hidden': 'true' }, '澄'),
      make('span', {}, '澄育'),
      make('time', { datetime: message.received_at }, moment(message.received_at)),
    ),
    make('h3', {}, message.title),
    make(
      'dl',
      {},
      ...message.fields.map((field) =>
        make('div', {}, make('dt', {}, field.label), make('dd', {}, field.value)),
      ),
    ),
    message.page
      ? make('a', { href: `/preview/?phone=${message.phone}#/${message.page}` }, '进入小程序查看')
      : null,
  );
}

function empty() {
  return make(
    'div',
    { class: 'empty' },
    make('strong', {}, '还没有收到消息'),
    make('p', {}, '在家长端预约并同意接收提醒，中心确认之后，消息就会出现在这里。'),
  );
}
