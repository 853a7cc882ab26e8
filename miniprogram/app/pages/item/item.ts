import { handbook, markDone, undoDone, type DoneEntry } from '../../services/handbook';
import { askToSubscribe, subscriptions } from '../../services/messages';
import { children, chooseChild, chosenChild } from '../../services/people';
import type {
  Child,
  HandbookItem,
  ItemSection,
  RecordedItem,
  SubscriptionTemplate,
} from '../../services/types';
import { attempt } from '../../utils/attempts';
import { fullDayText } from '../../utils/dates';
import { itemView, namedSources, unnamed, type ItemView } from '../../utils/handbook';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';
import { offeredAt } from '../../utils/permissions';
import { spanText, waitText } from '../../utils/vaccines';

Page({
  data: {
    status: 'loading',
    message: '',
    id: '',
    child: null as Child | null,
    today: '',
    disclaimer: '',
    lastPlace: '',
    item: null as HandbookItem | null,
    /** Of a check-up: its name in the list of check-ups. */
    visitId: '',
    view: null as ItemView | null,
    /** What comes next, after something was recorded here. */
    next: null as ItemView | null,
    /** Asked for with what comes next; gone once it was answered, until the next record. */
    reminders: [] as SubscriptionTemplate[],
    sections: [] as ItemSection[],
    span: '',
    wait: '',
    died: false,
    /** Named at the foot when the page itself does not. */
    source: '',
    /** Of the day of a dose, as far as the list of sources below does not name it. */
    reasonSource: '',
    doneOn: '',
    doneOnText: '',
    doneText: '',
    /** The family chose the other product; its first dose is recorded instead. */
    switched: false,
    editing: false,
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({ id: decodeURIComponent(query.id ?? '') });
    // a message may be about another child than the one chosen last
    if (query.child) chooseChild(Number(query.child));
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    try {
      const child = chosenChild(await children());
      const book = child && (await handbook(child.id));
      const item = book?.items.find((one) => one.id === this.data.id);
      if (!child || !book || !item) {
        this.setData({ status: 'empty' });
        return;
      }
      const { today, disclaimer, last_place } = book;
      this.setData({ child, today, disclaimer, lastPlace: last_place ?? '' });
      this.setDoneOn(today);
      this.draw(item);
      this.setData({ status: 'ready' });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  draw(item: HandbookItem) {
    const isDose = item.kind === 'vaccine';
    const named = namedSources(item);
    const died = this.data.child?.departure === 'died';
    this.setData({
      id: item.id,
      item,
      died,
      // of a child that died the record is kept, and no advice is given
      sections: died ? [] : (item.page?.sections ?? []),
      source: named.length || isDose ? '' : item.source,
      reasonSource: unnamed(item.source, named),
      view: itemView(item, this.data.today),
      visitId: item.kind === 'checkup' ? item.id.slice('checkup:'.length) : '',
      span: spanText(item),
      wait: waitText(item),
      doneText: item.done_on ? fullDayText(item.done_on) : '',
      switched: false,
      editing: false,
    });
  },

  /** A result was saved, and with it that the check-up is done. */
  async reload() {
    const { child, id } = this.data;
    if (!child) return;
    try {
      const book = await handbook(child.id);
      const item = book.items.find((one) => one.id === id);
      if (item) this.draw(item);
    } catch (error) {
      this.setData({ problem: sentence(error) });
    }
  },

  chooseDate(event: WechatMiniprogram.PickerChange) {
    this.setDoneOn(String(event.detail.value));
  },

  setDoneOn(doneOn: string) {
    this.setData({ doneOn, doneOnText: fullDayText(doneOn) });
  },

  toggleProduct() {
    this.setData({ switched: !this.data.switched });
  },

  edit() {
    this.setData({ editing: true, problem: '' });
  },

  stopEditing() {
    this.setData({ editing: false, problem: '' });
  },

  done() {
    const { doneOn } = this.data;
    return this.change((child: number, id: string) => markDone(child, id, { doneOn }));
  },

  saveDose(event: WechatMiniprogram.CustomEvent<DoneEntry>) {
    const { item, switched } = this.data;
    const other = switched ? item?.alternative?.id : undefined;
    const entry = event.detail;
    return this.change(async (child: number, id: string) => {
      const answer = await markDone(child, other ?? id, entry);
      if (entry.place) this.setData({ lastPlace: entry.place });
      return answer;
    });
  },

  undo() {
    return this.change(async (child: number, id: string) => {
      const answer = await undoDone(child, id);
      const other = answer.alternative?.id;
      if (!other) return answer;
      // of two products neither is given now: the usual one stands in the book again
      const { items } = await handbook(child);
      const shown = [id, other].map((wanted) => items.find((one) => one.id === wanted));
      return { ...(shown.find(Boolean) ?? answer), next: null };
    });
  },

  async change(write: (childId: number, itemId: string) => Promise<RecordedItem>) {
    const { child, id } = this.data;
    if (!child) return;
    await attempt(this, async () => {
      const answer = await write(child.id, id);
      this.draw(answer);
      const next = this.data.died ? null : answer.next;
      this.setData({ next: next && itemView(next, this.data.today), reminders: [] });
      if (next) void this.loadReminders();
    });
  },

  /** The offer only adds to the page, so its failure leaves it standing. */
  async loadReminders() {
    const reminders = await subscriptions().then(
      ({ templates }) => offeredAt('recorded', templates),
      () => [],
    );
    this.setData({ reminders });
  },

  /** WeChat opens its question from a tap alone, so nothing is awaited before it. */
  async remind() {
    try {
      const accepted = await askToSubscribe(this.data.reminders);
      wx.showToast({ title: accepted ? '好的，到时提醒你' : '没有订阅', icon: 'none' });
      this.setData({ reminders: [] });
    } catch (error) {
      wx.showToast({ title: sentence(error), icon: 'none' });
    }
  },

  openNext(event: WechatMiniprogram.CustomEvent<{ id: string }>) {
    open(`/pages/item/item?id=${encodeURIComponent(event.detail.id)}`);
  },

  readGuide() {
    open(`/pages/guide/guide?slug=${this.data.item?.guide_slug ?? ''}`);
  },

  openGrowth() {
    open('/pages/growth/growth');
  },

  toHandbook() {
    open('/pages/handbook/handbook');
  },
});
