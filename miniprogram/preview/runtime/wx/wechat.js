// What WeChat itself would answer, asked of the WeChat sandbox for one demo phone.
import { askForPhone, askForSubscriptions } from '../dialogs/permissions.js';
import { insideTap } from '../gestures.js';
import { settings } from '../location.js';
import { asynchronous, Refusal } from './call.js';
import { reach } from './network.js';

const SANDBOX = '/sandbox/api';
const MOST_TEMPLATES = 3;
let ownPhone = settings.phone;

/** Id of the phone that this preview is. */
export const phone = () => ownPhone;

/** Settle which phone this is: the one in the URL, or the one chosen in the sandbox. */
export async function choosePhone() {
  if (ownPhone) return;
  const { items } = await ask('/phones');
  const chosen = items.find((one) => one.chosen) ?? items[0];
  if (!chosen) throw new Error('the sandbox has no phone');
  ownPhone = String(chosen.id);
}

async function ask(path, body) {
  const options = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, phone: ownPhone }),
  };
  const response = await reach(SANDBOX + path, options);
  const answer = await response.json();
  if (answer.errCode) throw new Refusal(answer.errMsg.replace(/^\w+:fail /, ''), answer.errCode);
  if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${path}`);
  return answer;
}

async function login() {
  const { code } = await ask('/login-codes', {});
  return { code };
}

async function requestSubscribeMessage({ tmplIds }) {
  if (!insideTap()) throw new Refusal('can only be invoked by user TAP gesture.');
  if (!tmplIds?.length) throw new Refusal('tmplIds can not be empty', 10001);
  if (tmplIds.length > MOST_TEMPLATES)
    throw new Refusal(`tmplIds exceed the maximum of ${MOST_TEMPLATES}`, 20003);
  const { templates } = await ask(`/overview?phone=${encodeURIComponent(ownPhone)}`);
  const asked = tmplIds.map((id) => templates.find((one) => one.id === id));
  if (asked.includes(undefined))
    throw new Refusal('No template data return, verify the template id exist', 20001);
  if (new Set(asked.map(({ kind }) => kind)).size > 1)
    throw new Refusal('Templates type must be same', 20002);
  const answers = await askForSubscriptions(asked);
  const { results } = await ask('/subscriptions', { answers });
  return results;
}

/** `<button open-type="getPhoneNumber">`: the detail of its event. */
export async function askForPhoneNumber() {
  const name = 'getPhoneNumber';
  if (!(await askForPhone())) return { errMsg: `${name}:fail user deny` };
  try {
    const { code } = await ask('/phone-codes', {});
    return { code, errMsg: `${name}:ok` };
  } catch (error) {
    return { errMsg: `${name}:fail ${error.message}` };
  }
}

export const wechat = {
  login: asynchronous('login', login),
  requestSubscribeMessage: asynchronous('requestSubscribeMessage', requestSubscribeMessage),
};
