/** What is said of the review of a text or a recipe. */

import type { Review, Signature } from '../services/library-types';
import { fullDayText } from './dates';

export interface Standing {
  pill: string;
  tone: string;
  /** The sentence below; empty for a signed text, whose signature says it. */
  note: string;
  /** Which office signed, when, and until when; empty when nobody has. */
  signed: string;
}

const PENDING = '还没有经妇幼保健机构审定，仅供试读。孩子的具体情况，请听医生的。';
const DUE = '审定已到期，正在重新审定。孩子的具体情况，请听医生的。';

export function standing(review: Review, signed: Signature | null, what = '本文'): Standing {
  const by = signed
    ? `${signed.office} ${fullDayText(signed.on)}审定，有效至${fullDayText(signed.until)}`
    : '';
  if (review === 'reviewed') return { pill: '已审定', tone: 'pill-good', note: '', signed: by };
  const due = review === 'due';
  const note = what + (due ? DUE : PENDING);
  return { pill: due ? '待复审' : '待审', tone: 'pill-warn', note, signed: by };
}
