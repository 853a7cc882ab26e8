import { oneQuestion } from '../utils/permissions';
import { ApiError } from './errors';
import { get, post } from './http';
import type { Messages, SubscriptionAnswer, Subscriptions, SubscriptionTemplate } from './types';

const ANSWERS: readonly string[] = ['accept', 'reject', 'ban', 'filter'];

export function messages(after?: string): Promise<Messages> {
  return get<Messages>('/messages', {
    query: { after },
    keepAs: after ? undefined : 'messages',
  });
}

export async function markRead(ids: number[]): Promise<void> {
  await post('/messages/read', { ids });
}

export function subscriptions(): Promise<Subscriptions> {
  return get<Subscriptions>('/subscriptions', { keepAs: 'subscriptions' });
}

function askWeChat(tmplIds: string[]): Promise<Record<string, SubscriptionAnswer>> {
  return new Promise((resolve, reject) => {
    wx.requestSubscribeMessage({
      tmplIds,
      success: (result) => {
        const pairs = Object.entries(result).filter(([, answer]) =>
          ANSWERS.includes(String(answer)),
        );
        resolve(Object.fromEntries(pairs) as Record<string, SubscriptionAnswer>);
      },
      fail: ({ errCode, errMsg }) =>
        reject(
          new ApiError(
            errCode === 20004 ? 'subscription_switched_off' : 'subscription_failed',
            0,
            errMsg,
          ),
        ),
    });
  });
}

/** What came of a question: how many were accepted, and what will come now. */
export interface Answered {
  accepted: number;
  subscriptions: Subscriptions;
}

/**
 * Lets WeChat ask for the templates and reports the answers. WeChat opens its question from a tap
 * alone, so call this first in the handler of that tap, with the templates already at hand.
 */
export async function askAndTell(templates: SubscriptionTemplate[]): Promise<Answered> {
  const results = await askWeChat(oneQuestion(templates).map((one) => one.template_id));
  const told = await post<Subscriptions>('/subscriptions', { results });
  const accepted = Object.values(results).filter((answer) => answer === 'accept').length;
  return { accepted, subscriptions: told };
}

/** The same for who only wants to know how many were accepted. */
export async function askToSubscribe(templates: SubscriptionTemplate[]): Promise<number> {
  return (await askAndTell(templates)).accepted;
}
