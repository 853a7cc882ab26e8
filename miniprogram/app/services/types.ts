/** The shapes of /api/v1, by hand after its contract. Instants are ISO 8601 with +08:00, dates YYYY-MM-DD. */

export interface Problem {
  type: string;
  status: number;
  code: string;
  title: string;
  detail: string | null;
  errors: FieldProblem[];
}

export interface FieldProblem {
  field: string;
  message: string;
}

export interface List<T> {
  items: T[];
  next: string | null;
}

export interface SessionOut {
  token: string;
  expires_at: string;
}

export interface Me {
  id: number;
  phone_masked: string | null;
  children_count: number;
  consents_current: boolean;
}

/** All but the first two are asked only of who wants what they are for. */
export type Purpose = 'privacy' | 'children' | 'priority' | 'address' | 'pregnancy' | 'diary';

export interface ConsentDocument {
  purpose: Purpose;
  version: string;
  hash: string;
  title: string;
  body_html: string;
  body_nodes: RichNode[];
}

export interface GivenConsent {
  purpose: Purpose;
  version: string;
  given_at: string;
  withdrawn_at: string | null;
}

export interface Consents {
  documents: ConsentDocument[];
  given: GivenConsent[];
  needed: Purpose[];
}

export interface AcceptedDocument {
  purpose: Purpose;
  version: string;
  hash: string;
}

export type Sex = 'm' | 'f';
export type Relation = 'mother' | 'father' | 'grandparent' | 'other';

/** 20–44 completed weeks, or null when nobody said. */
type Weeks = number | null;

export interface Child {
  id: number;
  name: string;
  birth_date: string;
  sex: Sex;
  gestational_weeks: Weeks;
  town_code: string;
  town: string;
  village_code: string | null;
  village: string | null;
  home_cared: boolean;
  age_days: number;
  age_text: string;
  possible_duplicate: boolean;
  guardians: number;
  /** Cared for at home, under the age of the plan today, and surely registered once. */
  may_book: boolean;
  /** Moved out of the city, or died: nothing is sent or booked, the book stays readable. */
  departure: Departure | null;
  may_undo_departure: boolean;
}

export type Departure = 'moved' | 'died';

/** Who the child is (name, birth date, sex) may be put right for a day, the rest at any time. */
export interface Correction {
  name: string;
  birth_date: string;
  sex: Sex;
  gestational_weeks: Weeks;
  town_code: string;
  village_code: string | null;
  home_cared: boolean;
}

export interface NewChild extends Correction {
  relation: Relation;
}

export interface Invitation {
  code: string;
  expires_at: string;
}

/** A node of WeChat's rich-text. */
export interface RichNode {
  type?: string;
  name?: string;
  text?: string;
  attrs?: Record<string, string>;
  children?: RichNode[];
}

export interface Village {
  code: string;
  name: string;
}

export interface Town {
  code: string;
  name: string;
  kind: 'subdistrict' | 'town' | 'zone';
  villages: Village[];
}

export interface OpenSessions {
  kind: SlotKind;
  kind_title: string;
  count: number;
}

/** Degrees are GCJ-02, both null where nobody wrote them down. All four kinds are in `open_sessions`. */
export interface Centre {
  id: number;
  name: string;
  town_code: string;
  town: string;
  address: string;
  phone_public: string | null;
  latitude: number | null;
  longitude: number | null;
  opening_hours: string | null;
  open_sessions: OpenSessions[];
}

export interface Facility {
  id: string;
  title: string;
}

/** `spot`: where in the building. `stale`: nobody has looked for half a year. */
export interface NursingRoom {
  id: number;
  name: string;
  town_code: string;
  town: string;
  address: string;
  spot: string;
  opening_hours: string;
  facilities: Facility[];
  phone_public: string | null;
  checked_on: string;
  stale: boolean;
}

export type SlotKind = 'home_visit' | 'activity' | 'class' | 'consultation';

export interface Slot {
  id: number;
  centre_id: number;
  centre: string;
  kind: SlotKind;
  kind_title: string;
  title: string;
  starts_at: string;
  ends_at: string;
  age_from_months: number;
  age_to_months: number;
  capacity: number;
  taken: number;
  bookable: boolean;
  reason: string | null;
  /** Not told by every server yet. */
  teacher?: string | null;
  /** Until then a cancelled session is given back; not told by every server yet. */
  free_cancel_until?: string | null;
}

export type BookingState =
  | 'requested'
  | 'confirmed'
  | 'declined'
  | 'attended'
  | 'missed'
  | 'cancelled_by_family'
  | 'cancelled_by_centre';

export interface Booking {
  id: number;
  child_id: number;
  child_name: string;
  slot_id: number;
  state: BookingState;
  quota_year: number;
  quota_number: number | null;
  requested_at: string;
  reason: string | null;
  slot: Slot;
  may_cancel: boolean;
  cancel_keeps_number: boolean;
}

export interface Quota {
  year: number;
  limit: number;
  used: number;
  left: number;
}

export type ItemKind = 'vaccine' | 'checkup' | 'guide' | 'mother';
export type ItemStatus = 'done' | 'overdue' | 'due' | 'upcoming' | 'past';

export interface ItemSection {
  heading: string;
  lines: string[];
}

/** The other product of a choice: its first dose, and what choosing it changes. */
export interface Alternative {
  id: string;
  name: string;
  changes: string;
}

/**
 * A dose has more than other items: which vaccine, the rules behind its day, the open dose before
 * it, place and batch. Where only the clinic can say the day, both dates are null.
 */
export interface HandbookItem {
  id: string;
  kind: ItemKind;
  title: string;
  summary: string;
  from_date: string | null;
  due_date: string | null;
  until_date: string | null;
  status: ItemStatus;
  done_on: string | null;
  source: string;
  page: { sections: ItemSection[] } | null;
  guide_slug: string | null;
  series: string | null;
  earliest_date: string | null;
  recommended_by: string | null;
  reason: string | null;
  waits_for: string | null;
  ask_clinic: boolean;
  alternative: Alternative | null;
  place: string | null;
  batch: string | null;
}

/** The item as it stands now, and what comes next of its kind. */
export interface RecordedItem extends HandbookItem {
  next: HandbookItem | null;
}

export interface HandbookChild {
  id: number;
  name: string;
  birth_date: string;
  age_days: number;
  age_text: string;
}

export interface Handbook {
  child: HandbookChild;
  today: string;
  items: HandbookItem[];
  last_place: string | null;
  disclaimer: string;
  version: string;
}

export type MotherHbsag = 'positive' | 'negative' | 'unknown';

/** What a family says once; null: nobody said. */
export interface SaidFacts {
  mother_hbsag: MotherHbsag | null;
  birth_grams: number | null;
  had_varicella: boolean | null;
  immunoglobulin: string[];
}

/** `questions`: those of which the answer would change a dose that is still open. */
export interface VaccineFacts extends SaidFacts {
  questions: { asked: keyof SaidFacts; why: string }[];
  birth_date: string;
  today: string;
}

export type WeChatState = 'sent' | 'waiting' | 'in_app' | 'unknown' | 'failed';

export interface Message {
  id: number;
  kind: string;
  title: string;
  body: string;
  page: string | null;
  created_at: string;
  read_at: string | null;
  wechat: WeChatState;
}

export interface Messages extends List<Message> {
  unread: number;
}

export type SubscriptionAnswer = 'accept' | 'reject' | 'ban' | 'filter';

/** A message that the mini-program does not send itself. */
export interface OtherMessage {
  name: string;
  title: string;
  /** The 公众号 by which it comes; null: the list in the app alone. */
  account_name: string | null;
}

/** WeChat asks for one kind at a time. */
export type SubscriptionKind = 'one_time' | 'long_term';

export interface SubscriptionTemplate extends OtherMessage {
  template_id: string;
  why: string;
  kind: SubscriptionKind;
  /** How many may still be sent; of a long-term one, whether any may. */
  balance: number;
}

export interface Subscriptions {
  templates: SubscriptionTemplate[];
  others: OtherMessage[];
}
