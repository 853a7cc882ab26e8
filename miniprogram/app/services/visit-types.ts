/** Around a booking: the pass, attendance, waiting lists, what only some families give. */

import type { Slot, BookingState } from './types';

export interface Pass {
  short_code: string;
  expires_at: string;
}

export type AppealState = 'open' | 'granted' | 'refused';

/** `pass_from`, `reconfirm_until`: null when there is nothing to show or to ask. */
export interface Visit {
  state: BookingState;
  pass_from: string | null;
  reconfirm_until: string | null;
  reconfirmed_at: string | null;
  checked_in_at: string | null;
  confirmed_at: string | null;
  may_confirm: boolean;
  number_given_back: boolean;
  paused_until: string | null;
  may_appeal: boolean;
  appeal_words: string | null;
  appeal_state: AppealState | null;
  appeal_answer: string | null;
  may_rate: boolean;
  stars: number | null;
  words: string | null;
}

export type WaitingState = 'waiting' | 'offered' | 'accepted' | 'expired' | 'left' | 'closed';

/** `position`: 1 waits longest; null once out of line. */
export interface Waiting {
  id: number;
  child_id: number;
  child_name: string;
  slot_id: number;
  state: WaitingState;
  position: number | null;
  offer_until: string | null;
  may_accept: boolean;
  slot: Slot;
}

/** `agreed`: to the text for it, as it stands now. */
export interface Address {
  address: string | null;
  changed_at: string | null;
  agreed: boolean;
}

export type PriorityKind = 'disability' | 'autism' | 'hardship';
export type PriorityState = 'none' | 'asked' | 'granted' | 'refused' | 'ended' | 'expired';

export interface Priority {
  state: PriorityState;
  asked_at: string | null;
  valid_until: string | null;
  agreed: boolean;
}
