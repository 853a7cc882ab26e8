// A public account in the hand: its chat, its menu, its codes, and how WeChat treats it.

import { button, choice, draw, make, moment } from './dom.js';

const KINDS = { service: '服务号', subscription: '订阅号' };
const RECEPTIONS = [
  ['ok', '正常收到'],
  ['user block', '用户拒收'],
  ['freq limit', '频率超限'],
];
const PUBLISH = [
  [0, '成功'],
  [2, '原创校验失败'],
  [3, '失败'],
  [4, '审核不通过'],
  [53503, '不让提交：未过检查'],
  [53504, '不让提交：要去官网'],
  [53505, '不让提交：要先手动保存'],
];
const MASS = [
  ['send success', '成功'],
  ['send fail', '失败'],
  ['err(10001)', '涉嫌广告'],
  ['err(20001)', '涉嫌政治'],
  ['err(20013)', '涉嫌版权'],
  ['err(30003)', '原创校验失败'],
];

export function drawAccounts({ accounts, chat }, select) {
  draw('account', { accounts, chosen: chat.appid }, () =>
    accounts.map((one) =>
      make('option', { value: one.appid, selected: one.appid === chat.appid },
        `${one.name}（${KINDS[one.kind]}${one.certified ? '' : '，未认证'}）`)));
  select.value = chat.appid;
}

let reached = null; // how many lines there were when we last went to the newest

/** The newest line is the lowest one, as in WeChat. */
export function toNewest() {
  const place = document.getElementById('chat');
  place.scrollTop = place.scrollHeight;
}

export function drawChat({ chat, phone }, post) {
  const at = { phone: phone.id, appid: chat.appid };
  draw('chat', { lines: chat.lines, following: chat.following, at }, () =>
    chat.lines.length
      ? chat.lines.toReversed().map(line)
      : make('div', { class: 'empty' }, make('strong', {}, chat.following ? '还没有消息' : '还没有关注'),
          make('p', {}, chat.following ? '发一句话，或者点菜单。' : '先关注，或者扫一个二维码。')));
  if (chat.total !== reached) toNewest();
  reached = chat.total;
  draw('chat-menu', { menu: chat.menu, following: chat.following, at }, () =>
    chat.menu.map((top, index) =>
      top.sub_button.length
        ? make('details', { class: 'sub-menu' },
            make('summary', { 'data-key': `menu-${index}` }, top.name),
            ...top.sub_button.map((sub, place) => entry(sub, [index, place])))
        : entry(top, [index])));

  function entry(one, places) {
    return button(one.name, `menu-${places.join('-')}`,
      () => post('taps', { ...at, button: places }), { disabled: !chat.following });
  }
}

function line(one) {
  if (one.kind === 'mine' || one.kind === 'tap') return bubble(one, 'mine');
  if (one.kind === 'system') return make('p', { class: 'chat-system', 'data-id': one.id }, one.text);
  if (one.fields) return notice(one);
  if (one.articles) {
    return cards(one, one.articles.map((card, index) => ({
      title: card.title, digest: card.digest, picture: card.thumb_media_id,
      href: one.article_id ? `/sandbox/articles/${one.article_id}/${index + 1}` : null,
    })));
  }
  if (one.links) return cards(one, one.links.map((link) => ({ ...link, href: safe(link.url) })));
  return bubble(one, 'theirs');
}

function bubble(one, side) {
  const content = one.media_id
    ? make('img', { src: `/sandbox/api/pictures/${encodeURIComponent(one.media_id)}`, alt: '图片' })
    : make('span', {}, ...(one.kind === 'tap' ? [`点了菜单：${one.text}`] : linked(one.text)));
  return make('p', { class: `bubble ${side}` }, content,
    make('time', { datetime: one.at }, moment(one.at)));
}

/** Of an answer's tags WeChat shows links alone; everything else stays as it was written. */
function linked(text) {
  return text.split(/(<a\b[^>]*>[^<]*<\/a>)/).map((part) => {
    const found = /^<a\b[^>]*?href="([^"]*)"[^>]*>([^<]*)<\/a>$/.exec(part);
    const address = found && safe(found[1]);
    return address ? make('a', { href: address, rel: 'noreferrer' }, found[2]) : part;
  });
}

function notice(one) {
  return make('article', { class: 'notice' },
    make('header', {}, make('span', {}, one.kind === 'notify' ? '订阅通知' : '模板消息'),
      make('time', { datetime: one.at }, moment(one.at))),
    make('h3', {}, one.title),
    make('dl', {}, ...one.fields.map((field) =>
      make('div', {}, make('dt', {}, field.label), make('dd', {}, field.value)))),
    opening(one));
}

function opening(one) {
  if (one.miniprogram) {
    return make('a', { href: `/preview/#/${one.miniprogram.pagepath ?? ''}` }, '进入小程序查看');
  }
  const address = safe(one.url || one.page);
  return address ? make('a', { href: address, rel: 'noreferrer' }, '查看详情') : null;
}

function cards(one, items) {
  return make('article', { class: 'notice' },
    make('header', {}, make('span', {}, one.preview ? '群发预览' : one.kind === 'mpnews' ? '群发' : '回复'),
      make('time', { datetime: one.at }, moment(one.at))),
    ...items.map((item) => [
      item.picture
        ? make('img', { src: `/sandbox/api/pictures/${encodeURIComponent(item.picture)}`, alt: '' })
        : null,
      make('h3', {}, item.title),
      item.digest ? make('p', { class: 'quiet' }, item.digest) : null,
      item.href ? make('a', { href: item.href, rel: 'noreferrer' }, '阅读全文') : null,
    ]).flat().filter((node) => node !== null));
}

function safe(address) {
  return /^https?:\/\//.test(address ?? '') ? address : null;
}

export function drawCodes({ tickets, chat, phone }, post) {
  draw('tickets', tickets, () =>
    tickets.map((one) => make('option', { value: one.ticket }, one.scene)));
  draw('codes', { tickets, phone: phone.id }, () =>
    tickets.slice(0, 4).map((one) =>
      make('figure', {},
        make('img', { src: `/sandbox/api/codes?ticket=${encodeURIComponent(one.ticket)}`,
          alt: `二维码 ${one.scene}`, width: 96, height: 96, loading: 'lazy' }),
        button(one.scene, `code-${one.ticket}`,
          () => post('scans', { phone: phone.id, ticket: one.ticket }),
          { 'aria-label': `扫二维码 ${one.scene}` }))));
  draw('notices', { list: chat.notices, phone: phone.id, appid: chat.appid }, ({ list }) =>
    list.map((one) =>
      make('div', { class: 'row' },
        make('span', { class: 'row-name' }, one.title,
          make('small', { class: one.balance ? 'some' : '' }, `订阅通知，可收 ${one.balance} 条`)),
        button('同意一次', `notify-${one.id}`,
          () => post('subscriptions',
            { phone: phone.id, appid: chat.appid, answers: { [one.id]: 'accept' } }),
          { 'aria-label': `同意一次：${one.title}` }))));
}

export function drawOutcomes({ chat, phone }, post) {
  const at = { phone: phone.id, appid: chat.appid };
  const { reception, publish, mass, articles } = chat;
  draw('outcomes', { reception, publish, mass, articles, at }, () => [
    choice('模板消息到这部手机', 'reception', reception, RECEPTIONS,
      (value) => post('receptions', { ...at, reception: value })),
    choice('发布', 'publish', publish, PUBLISH,
      (value) => post('outcomes', { ...at, publish: Number(value) })),
    choice('群发', 'mass', mass, MASS, (value) => post('outcomes', { ...at, mass: value })),
    button('发布和群发现在就出结果', 'jobs', () => post('jobs'), { class: 'wide' }),
    ...articles.map((one) =>
      make('div', { class: 'row' },
        make('span', { class: 'row-name' }, one.title),
        make('a', { href: `/sandbox/articles/${one.article_id}/${one.number}` }, '看文章'))),
  ]);
}
