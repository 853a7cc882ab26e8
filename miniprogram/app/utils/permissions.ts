import type { OtherMessage, Subscriptions, SubscriptionTemplate } from '../services/types';

/** wx.requestSubscribeMessage asks for three at most. */
const MOST_TEMPLATES = 3;

/** What a family has just done or looks at, and our names of what follows from it, soonest first. */
const MOMENTS = {
  booked: ['booking_confirmed', 'booking_declined', 'booking_reminder'],
  waiting: ['waiting_offered'],
  recorded: ['handbook_reminder'],
  handbook: ['handbook_reminder', 'campaign'],
  pregnancy: ['pregnancy_checkup', 'pregnancy_week', 'pregnancy_notice'],
};
export type Moment = keyof typeof MOMENTS;

/**
 * What one tap may ask for: WeChat refuses more than three, and one-time beside long-term ones.
 * The first decides the kind: it is what the moment is about, and the others can wait for the
 * next tap. Two of our messages may share a template, and of one title WeChat shows one only.
 */
export function oneQuestion(wanted: SubscriptionTemplate[]): SubscriptionTemplate[] {
  return wanted
    .filter(({ kind }) => kind === wanted[0].kind)
    .filter(firstOfItsTemplate)
    .filter(({ title }, place, all) => all.findIndex((one) => one.title === title) === place)
    .slice(0, MOST_TEMPLATES);
}

/** The templates worth asking for at a moment; who said yes to a long-term one is not asked again. */
export function offeredAt(
  moment: Moment,
  templates: SubscriptionTemplate[],
): SubscriptionTemplate[] {
  const wanted = MOMENTS[moment].flatMap((name) => templates.filter((one) => one.name === name));
  return oneQuestion(wanted.filter((one) => !comesAlways(one)));
}

export function comesAlways({ kind, balance }: SubscriptionTemplate): boolean {
  return kind === 'long_term' && balance > 0;
}

/** How much of it WeChat still lets through. */
export function leftText(template: SubscriptionTemplate): string {
  if (comesAlways(template)) return '一直能收到';
  return template.balance ? `还能收 ${template.balance} 次` : '现在收不到';
}

/** What will still come as a message of WeChat's, and where the rest goes. */
export function stillComing(subscriptions: Subscriptions): string {
  const left = subscriptions.templates
    .filter(firstOfItsTemplate)
    .filter(({ balance }) => balance > 0)
    .map((one) => `${one.title} ${comesAlways(one) ? '不限次数' : `${one.balance} 次`}`);
  const first = left.length
    ? `微信服务通知还能收到：${left.join('、')}。`
    : '微信服务通知现在收不到。';
  const account = accountOf(subscriptions);
  const rest = account
    ? `次数用完后，由公众号“${account}”发；它发不了的，放在小程序的“消息”里。`
    : '次数用完后，只放在小程序的“消息”里；关注公众号可以接着收。';
  return first + rest;
}

/** One kind of message, and by which way it comes next. */
export interface WayView {
  key: string;
  /** Of the template to ask for; empty where there is nothing to ask. */
  id: string;
  title: string;
  why: string;
  state: string;
  tone: 'good' | 'accent' | 'plain';
  /** Where it comes from, or goes when the permissions are used up. */
  then: string;
  ask: string;
}

/** All that comes in WeChat, or would with a yes: notices first, then what a 公众号 alone sends. */
export function waysOf(subscriptions: Subscriptions): WayView[] {
  const { templates, others } = complete(subscriptions);
  return [
    ...templates.filter(firstOfItsTemplate).map(noticeWay),
    ...others.filter((one) => one.account_name).map(accountWay),
  ];
}

/** The titles of what is in the app's list alone, and cannot be asked for. */
export function inAppOnly(subscriptions: Subscriptions): string[] {
  const { others } = complete(subscriptions);
  return others.filter((one) => !one.account_name).map(({ title }) => title);
}

/** The same in a line: how many kinds come by each way next. */
export function waysInShort(subscriptions: Subscriptions): string {
  const ways = waysOf(subscriptions);
  const counted = (tone: WayView['tone']) => ways.filter((one) => one.tone === tone).length;
  const alone = counted('plain') + inAppOnly(subscriptions).length;
  const parts = [
    counted('good') ? `微信还会发 ${counted('good')} 种` : '微信现在不会发',
    counted('accent') ? `公众号“${accountOf(subscriptions)}”发 ${counted('accent')} 种` : '',
    alone ? `${alone} 种只放在这里` : '',
  ];
  return `${parts.filter(Boolean).join('，')}。`;
}

function noticeWay(template: SubscriptionTemplate): WayView {
  const { template_id, title, why, balance, account_name: account } = template;
  const always = comesAlways(template);
  const shown = { key: template_id, title, why };
  const ask = { id: always ? '' : template_id, ask: askText(template) };
  if (balance) {
    const then = account && !always ? `用完后由公众号“${account}”发。` : '';
    return { ...shown, ...ask, state: `微信${leftText(template)}`, tone: 'good', then };
  }
  if (account)
    return { ...accountWay({ name: template_id, title, account_name: account }), why, ...ask };
  return { ...shown, ...ask, state: '只放在“消息”里', tone: 'plain', then: '' };
}

function askText(template: SubscriptionTemplate): string {
  if (template.kind === 'one_time') return '多收一次';
  return template.balance ? '' : '一直收';
}

function accountWay({ name, title, account_name }: OtherMessage): WayView {
  return {
    key: name,
    id: '',
    title,
    why: '',
    state: '公众号发',
    tone: 'accent',
    then: `由公众号“${account_name ?? ''}”发。`,
    ask: '',
  };
}

function accountOf(subscriptions: Subscriptions): string {
  const { templates, others } = complete(subscriptions);
  return [...templates, ...others].find((one) => one.account_name)?.account_name ?? '';
}

/** A copy kept on the phone may be older than the second list. */
function complete({ templates, others }: Partial<Subscriptions>): Subscriptions {
  return { templates: templates ?? [], others: others ?? [] };
}

function firstOfItsTemplate(
  one: SubscriptionTemplate,
  place: number,
  all: SubscriptionTemplate[],
): boolean {
  return all.findIndex(({ template_id }) => template_id === one.template_id) === place;
}
