import { book, centres, quota, slots } from '../../services/bookings';
import { chosenCentre } from '../../services/chosen-centre';
import { codeOf } from '../../services/errors';
import { newKey } from '../../services/http';
import { askToSubscribe, subscriptions } from '../../services/messages';
import { children, chooseChild, chosenChild } from '../../services/people';
import { showOnMap } from '../../services/position';
import { address } from '../../services/private';
import type {
  Centre,
  Child,
  Quota,
  Slot,
  SlotKind,
  SubscriptionTemplate,
} from '../../services/types';
import type { Waiting } from '../../services/visit-types';
import { joinLine, lines } from '../../services/waiting';
import { cityDay, dayTitle, monthsOld, pointText, timeRange, yearOf } from '../../utils/dates';
import { pointOf } from '../../utils/distance';
import { noBooking, type NoBooking } from '../../utils/eligibility';
import { failed } from '../../utils/failures';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { wayOut, type WayOut } from '../../utils/refusals';
import { offeredAt } from '../../utils/permissions';
import { byDay, isForOtherAge, KINDS, WAITABLE, type SlotDay } from '../../utils/slots';

/** Answers to an older question must not overwrite those of a newer one. */
let turn = 0;

Page({
  data: {
    status: 'loading',
    message: '',
    slotStatus: 'loading',
    slotMessage: '',
    children: [] as Child[],
    child: null as Child | null,
    centre: null as Centre | null,
    /** The chosen centre has a place on the map. */
    mapped: false,
    /** In pairs: a row of four, or two rows of two where the type is large. */
    kindRows: [
      { name: 'first', kinds: KINDS.slice(0, 2) },
      { name: 'second', kinds: KINDS.slice(2) },
    ],
    kind: '' as SlotKind | '',
    slots: [] as Slot[],
    lines: [] as Waiting[],
    days: [] as SlotDay[],
    /** How many of the slots are for another age; they are folded away until asked for. */
    otherAge: 0,
    showAll: false,
    noBooking: null as NoBooking | null,
    templates: [] as SubscriptionTemplate[],
    waitTemplates: [] as SubscriptionTemplate[],
    /** What is left of the six this year, a sentence. */
    leftText: '',
    chosen: null as Slot | null,
    chosenDay: '',
    chosenTime: '',
    quota: null as Quota | null,
    key: '',
    step: '' as '' | 'confirm' | 'done' | 'wait' | 'waiting',
    /** Until when cancelling is free, a sentence. */
    cancelText: '',
    /** Of a home visit: null while it is not known, empty when none is kept. */
    address: null as string | null,
    position: 0,
    busy: false,
    problem: '',
    wayOut: null as WayOut | null,
    /** The refusal may be answered by standing in line. */
    mayWait: false,
    subscribed: '',
  },

  async onShow() {
    if (this.data.step === 'confirm') {
      this.setData({ problem: '', wayOut: null });
      await this.loadAddress();
    }
    if (this.data.step) return;
    await this.load();
  },

  /** Asked for only when the chosen session comes to the family's door. */
  async loadAddress() {
    const { child, chosen } = this.data;
    if (!child || chosen?.kind !== 'home_visit') return;
    // when it cannot be read, the booking itself says whether it is needed
    const kept = await address(child.id).catch(() => null);
    this.setData({ address: kept ? (kept.address ?? '') : null });
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const all = await children();
      const child = chosenChild(all);
      if (!child) {
        this.setData({ status: 'empty', child: null });
        return;
      }
      const hindered = noBooking(child);
      if (child.id !== this.data.child?.id) this.setData({ centre: null });
      this.setData({ children: all, child, noBooking: hindered, status: 'ready' });
      void this.loadLeft(child);
      if (hindered?.why !== 'too_old') await this.loadCentre();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  async loadLeft(child: Child) {
    const answer = child.may_book ? await quota(child.id).catch(() => null) : null;
    if (child.id === this.data.child?.id)
      this.setData({ leftText: answer ? leftText(answer) : '' });
  },

  /** The centre that was chosen, else the first of the child's town, and its slots. */
  async loadCentre() {
    const { child, centre: shown } = this.data;
    if (!child) return;
    if (!shown) this.setData({ slotStatus: 'loading' });
    try {
      const months = monthsOld(child.birth_date, cityDay(new Date()));
      const all = await centres({ ownTown: child.town_code, ageMonths: months });
      const centre = chosenCentre(all, child.id, child.town_code);
      this.setData({ centre, mapped: Boolean(centre && pointOf(centre)) });
    } catch (error) {
      this.setData({ slotStatus: 'error', slotMessage: sentence(error) });
      return;
    }
    await this.loadSlots();
  },

  async loadSlots() {
    const { child, centre, kind } = this.data;
    if (!child) return;
    if (!centre) {
      this.setData({ days: [], slots: [], otherAge: 0, slotStatus: 'empty' });
      return;
    }
    const mine = ++turn;
    this.setData({ slotStatus: 'loading', showAll: false });
    try {
      const [found, waiting] = await Promise.all([
        slots({ childId: child.id, centreId: centre.id, kind: kind || undefined }),
        lines().catch((): Waiting[] => []),
      ]);
      if (mine !== turn) return;
      this.setData({ lines: waiting.filter((line) => line.child_id === child.id) });
      const otherAge = found.filter(isForOtherAge).length;
      this.setData({ slots: found, otherAge, slotStatus: found.length ? 'ready' : 'empty' });
      this.draw();
    } catch (error) {
      if (mine === turn) this.setData({ slotStatus: 'error', slotMessage: sentence(error) });
    }
  },

  draw() {
    const { slots: all, showAll } = this.data;
    const shown = showAll ? all : all.filter((slot) => !isForOtherAge(slot));
    this.setData({ days: byDay(shown, cityDay(new Date()), this.data.lines) });
  },

  toggleOtherAges() {
    this.setData({ showAll: !this.data.showAll });
    this.draw();
  },

  retry() {
    return this.data.centre ? this.loadSlots() : this.loadCentre();
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    return this.load();
  },

  chooseKind(event: WechatMiniprogram.TouchEvent) {
    const kind = event.currentTarget.dataset.kind as SlotKind;
    this.setData({ kind: kind === this.data.kind ? '' : kind });
    return this.loadSlots();
  },

  seeCentres() {
    open(`/pages/centres/centres?kind=${this.data.kind}`);
  },

  showWay() {
    const { centre } = this.data;
    const point = centre && pointOf(centre);
    if (centre && point) showOnMap(point, centre.name, centre.address);
  },

  /** The way out of an empty list. */
  widen() {
    if (!this.data.centre || !this.data.kind) {
      this.seeCentres();
      return undefined;
    }
    this.setData({ kind: '' });
    return this.loadSlots();
  },

  async chooseSlot(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    const chosen = this.data.slots.find((slot) => slot.id === event.detail.id);
    const { child } = this.data;
    if (!chosen || !child) return;
    this.show(chosen, 'confirm');
    void this.loadAddress();
    const [left, templates] = await Promise.all([
      quota(child.id, yearOf(chosen.starts_at)).catch(() => null),
      subscriptions().then(
        (answer) => offeredAt('booked', answer.templates),
        () => [],
      ),
    ]);
    this.setData({ quota: left, templates });
  },

  show(chosen: Slot, step: 'confirm' | 'wait') {
    const today = cityDay(new Date());
    this.setData({
      chosen,
      chosenDay: dayTitle(chosen.starts_at, today),
      chosenTime: timeRange(chosen.starts_at, chosen.ends_at),
      cancelText: cancelText(chosen, today),
      address: null,
      key: newKey(),
      step,
      problem: '',
      wayOut: null,
      mayWait: false,
      quota: null,
      subscribed: '',
    });
  },

  /** Stands in line already: there is more to see and to do among the bookings. */
  chooseFull(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    const chosen = this.data.slots.find((slot) => slot.id === event.detail.id);
    const line = this.data.lines.find((one) => one.slot_id === event.detail.id);
    if (line) open(`/pages/bookings/bookings?waiting=${line.id}`);
    else if (chosen) this.askWait(chosen);
  },

  waitInstead() {
    const { chosen } = this.data;
    if (chosen) this.askWait(chosen);
  },

  askWait(chosen: Slot) {
    this.show(chosen, 'wait');
    subscriptions().then(
      ({ templates }) => this.setData({ waitTemplates: offeredAt('waiting', templates) }),
      () => this.setData({ waitTemplates: [] }),
    );
  },

  async wait() {
    const { child, chosen, key, busy } = this.data;
    if (!child || !chosen || busy) return;
    this.setData({ busy: true, problem: '', wayOut: null });
    try {
      const line = await joinLine(chosen.id, child.id, key);
      this.setData({ step: 'waiting', position: line.position ?? 0 });
    } catch (error) {
      this.refused(error, child.id);
    } finally {
      this.setData({ busy: false });
    }
  },

  refused(error: unknown, childId: number) {
    const code = codeOf(error);
    this.setData({
      problem: sentence(error),
      wayOut: wayOut(code, childId),
      mayWait: this.data.step === 'confirm' && WAITABLE.includes(code),
    });
    void this.loadSlots();
  },

  followWayOut() {
    const { wayOut: way } = this.data;
    if (!way) return;
    // who comes back from giving an address goes on where they were
    if (!way.page.includes('/address/')) this.setData({ step: '' });
    open(way.page);
  },

  writeAddress() {
    const { child } = this.data;
    if (child) open(`/pages/address/address?child=${child.id}`);
  },

  closeSheet() {
    if (this.data.busy) return;
    const booked = this.data.step === 'done' || this.data.step === 'waiting';
    this.setData({ step: '' });
    if (booked) void this.loadSlots();
  },

  async confirm() {
    const { child, chosen, key, busy } = this.data;
    if (!child || !chosen || busy) return;
    this.setData({ busy: true, problem: '', wayOut: null, mayWait: false });
    try {
      await book(child.id, chosen.id, key);
      this.setData({ step: 'done' });
    } catch (error) {
      this.refused(error, child.id);
    } finally {
      this.setData({ busy: false });
    }
  },

  /** WeChat opens its question from a tap alone, so nothing is awaited before it. */
  subscribe() {
    return this.askWeChat(this.data.templates, '确认后');
  },

  subscribeToOffers() {
    return this.askWeChat(this.data.waitTemplates, '有名额时');
  },

  async askWeChat(templates: SubscriptionTemplate[], after: string) {
    try {
      const accepted = await askToSubscribe(templates);
      this.setData({
        subscribed: accepted
          ? `好的，${after}会在微信里告诉你。`
          : '没有订阅，结果会放在“消息”里。',
      });
    } catch (error) {
      this.setData({ subscribed: sentence(error) });
    }
  },

  call() {
    const phone = this.data.centre?.phone_public;
    if (phone) wx.makePhoneCall({ phoneNumber: phone });
  },

  /** The way out of what keeps this child from booking. */
  help() {
    const { child, noBooking: hindered } = this.data;
    if (!child || !hindered) return;
    if (hindered.why === 'too_old') open('/pages/handbook/handbook');
    else if (hindered.why === 'duplicate') open('/pages/invite/invite');
    else open(`/pages/child-form/child-form?id=${child.id}`);
  },

  seeBookings() {
    this.setData({ step: '' });
    open('/pages/bookings/bookings');
  },

  register() {
    open('/pages/child-form/child-form');
  },
});

function leftText({ year, limit, left }: Quota): string {
  return left
    ? `${year} 年还有 ${left} 次免费指导`
    : `${year} 年的 ${limit} 次已经约完，可以约明年的场次`;
}

function cancelText({ free_cancel_until: until }: Slot, today: string): string {
  if (!until) return '临近开始才取消，这一次仍算用掉；取消前会写明退不退。';
  return Date.parse(until) > Date.now()
    ? `${pointText(until, today)} 前取消，退回这一次；再晚取消，仍算用掉。`
    : '已经过了免费取消的时间：约了再取消，这一次仍算用掉。';
}
