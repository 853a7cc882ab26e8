// What one can do for a person and to WeChat: permissions, follows, faults, deliveries, the night.

import { button, draw, make, moment, toggle } from './dom.js';

const EVENTS = {
  subscribe_msg_popup_event: '回答订阅请求',
  subscribe_msg_change_event: '在设置里改订阅',
  subscribe_msg_sent_event: '消息已送达',
  subscribe: '关注公众号',
  unsubscribe: '取消关注',
  SCAN: '扫码（已关注）',
  CLICK: '点菜单',
  VIEW: '点菜单里的网页',
  view_miniprogram: '点菜单里的小程序',
  text: '发来文字',
  TEMPLATESENDJOBFINISH: '模板消息的结果',
  MASSSENDJOBFINISH: '群发的结果',
  PUBLISHJOBFINISH: '发布的结果',
  user_authorization_revoke: '撤回授权',
  user_authorization_cancellation: '注销微信账号',
};
const STATES = { waiting: '等待重试', delivered: '已收下', given_up: '放弃' };

export function drawTemplates({ phone, templates }, post) {
  const answer = (id, said) =>
    post('subscriptions', { phone: phone.id, answers: { [id]: said } });
  draw('templates', { phone: phone.id, off: phone.switch_off, templates }, () =>
    templates.length ? templates.map((one) => row(one)) : make('p', { class: 'quiet' }, '还没有模板'),
  );

  function row(one) {
    const left = one.kind === 'long' && one.balance ? '长期' : `可收 ${one.balance} 条`;
    return make(
      'div',
      { class: 'row' },
      make(
        'span',
        { class: 'row-name' },
        one.title,
        make('small', { class: one.balance ? 'some' : '' }, left),
      ),
      make(
        'span',
        { class: 'actions' },
        button('接受', `accept-${one.id}`, () => answer(one.id, 'accept'), {
          'aria-label': `接受：${one.title}`,
          disabled: phone.switch_off,
        }),
        button('拒绝', `reject-${one.id}`, () => answer(one.id, 'reject'), {
          'aria-label': `拒绝：${one.title}`,
          disabled: phone.switch_off,
        }),
        button('停收', `refuse-${one.id}`,
          () => post('refusals', { phone: phone.id, template_id: one.id }),
          { 'aria-label': `停收：${one.title}`, title: '在微信设置里关掉，剩下的也收不到' }),
      ),
    );
  }
}

export function drawPerson({ phone, public: account }, post) {
  draw('person', { phone, account }, () => [
    toggle('关注公众号', 'follow', account.following, (follow) =>
      post('follow', { phone: phone.id, appid: account.appid, follow }),
    ),
    toggle('接收订阅消息（总开关）', 'switch', !phone.switch_off, (on) =>
      post(`phones/${phone.id}/state`, { switch_off: !on }),
    ),
    toggle('被微信认定为高风险，不能登录', 'risk', phone.high_risk, (on) =>
      post(`phones/${phone.id}/state`, { high_risk: on }),
    ),
  ]);
}

export function drawFaults(faults, remove) {
  document.getElementById('faults-count').textContent = faults.length || '';
  draw('faults', faults, () =>
    faults.length
      ? [
          ...faults.map((fault) =>
            make(
              'div',
              { class: 'row' },
              make('span', { class: 'row-name' }, describe(fault),
                make('small', {}, `${fault.path === '*' ? '所有接口' : fault.path} · 已发生 ${fault.hits} 次`)),
              button('去掉', `fault-${fault.id}`, () => remove(fault.id)),
            ),
          ),
          faults.length > 1 ? button('全部去掉', 'faults-clear', () => remove(null)) : null,
        ]
      : make('p', { class: 'quiet' }, '现在一切正常'),
  );
}

function describe(fault) {
  const parts = [];
  if (fault.errcode !== null) parts.push(`错误码 ${fault.errcode}`);
  if (fault.http_status !== null) parts.push(`HTTP ${fault.http_status}`);
  if (fault.drop) parts.push(fault.drop === 'after' ? '做完后断开' : '没做就断开');
  if (fault.delay_ms) parts.push(`延迟 ${fault.delay_ms} 毫秒`);
  if (fault.rate < 1) parts.push(`${Math.round(fault.rate * 100)}%`);
  if (fault.times !== null) parts.push(`共 ${fault.times} 次`);
  return parts.join('，');
}

export function drawPushes(pushes) {
  document.getElementById('pushes-count').textContent = pushes.length || '';
  draw('pushes', pushes, () =>
    pushes.length
      ? pushes.slice(0, 12).map((push) =>
          make(
            'div',
            { class: 'row' },
            make('span', { class: 'row-name' }, EVENTS[push.event] ?? push.event,
              make('small', {}, `${push.phone ?? ''} · ${moment(push.created_at)}`)),
            make(
              'span',
              { class: `state ${push.state}`, title: push.result },
              STATES[push.state] ?? push.state,
              make('small', {}, push.attempts > 1 ? `第 ${push.attempts} 次 · ${push.result}` : push.result),
            ),
          ),
        )
      : make('p', { class: 'quiet' }, '还没有事件'),
  );
}

export function drawNight(queue, sendNow) {
  document.getElementById('night').hidden = queue === null;
  if (queue === null) return;
  draw('night-body', queue, ({ quiet, opens_at: opens, items }) => [
    quiet
      ? make('p', { class: 'night' }, `夜间不发送，${hour(opens).slice(-5)} 送出`)
      : items.length
        ? null
        : make('p', { class: 'quiet' }, '没有等着发送的消息'),
    ...items.slice(0, 20).map((item) =>
      make(
        'div',
        { class: 'row' },
        make('span', { class: 'row-name' }, item.title, make('small', {}, item.to ?? '')),
        make('span', { class: 'state' }, make('small', {}, `${hour(item.due_at)} 起`)),
      ),
    ),
    items.length > 20 ? make('p', { class: 'quiet' }, `还有 ${items.length - 20} 条`) : null,
    items.length ? button('现在发送', 'send-now', sendNow, { class: 'main wide' }) : null,
  ]);
}

function hour(text) {
  return /^\d{1,2}:\d{2}$/.test(text ?? '') ? text : text ? moment(text) : '08:00';
}
