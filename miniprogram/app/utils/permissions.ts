import type { Following } from '../services/following';
import type { SubscriptionTemplate } from '../services/types';

/** What a family has just done, and our names of the templates that follow from it: three at most. */
const MOMENTS = {
  booked: ['booking_confirmed', 'booking_declined', 'booking_reminder'],
  waiting: ['waiting_offered'],
  recorded: ['handbook_reminder'],
};

/** The templates worth asking for after an act, in the order of their use. */
export function offeredAt(
  moment: keyof typeof MOMENTS,
  templates: SubscriptionTemplate[],
): SubscriptionTemplate[] {
  return MOMENTS[moment].flatMap((name) => templates.filter((one) => one.name === name));
}

/** What will still come as a message of WeChat's, and where the rest goes. */
export function stillComing(
  templates: SubscriptionTemplate[],
  following: Following | null,
): string {
  const left = templates
    .filter(({ balance }) => balance > 0)
    .map(({ title, balance }) => `${title} ${balance} 次`);
  const first = left.length
    ? `微信服务通知还能收到：${left.join('、')}。`
    : '微信服务通知现在收不到。';
  const follows = following?.linked && following.following ? following.account_name : null;
  const rest = follows
    ? `次数用完后，由公众号“${follows}”发；它发不了的，放在小程序的“消息”里。`
    : '次数用完后，只放在小程序的“消息”里；关注公众号可以接着收。';
  return first + rest;
}
