import { handbook, markDone, undoDone } from '../../services/handbook';
import { children, chooseChild, chosenChild } from '../../services/people';
import type { Child, HandbookItem, ItemSection } from '../../services/types';
import { fullDayText } from '../../utils/dates';
import { itemView, type ItemView } from '../../utils/handbook';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

Page({
  data: {
    status: 'loading',
    message: '',
    id: '',
    child: null as Child | null,
    today: '',
    disclaimer: '',
    item: null as HandbookItem | null,
    /** Of a check-up: its name in the list of check-ups. */
    visitId: '',
    view: null as ItemView | null,
    sections: [] as ItemSection[],
    span: '',
    /** Named at the foot when the page itself does not. */
    source: '',
    doneOn: '',
    doneOnText: '',
    doneText: '',
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
      this.setData({ child, today: book.today, disclaimer: book.disclaimer });
      this.setDoneOn(book.today);
      this.draw(item);
      this.setData({ status: 'ready' });
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  draw(item: HandbookItem) {
    this.setData({
      item,
      sections: item.page?.sections ?? [],
      source: item.page?.sections.some(({ heading }) => heading === '来源') ? '' : item.source,
      view: itemView(item, this.data.today),
      visitId: item.kind === 'checkup' ? item.id.slice('checkup:'.length) : '',
      span: spanText(item),
      doneText: item.done_on ? fullDayText(item.done_on) : '',
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

  done() {
    return this.change((child: number, id: string) => markDone(child, id, this.data.doneOn));
  },

  undo() {
    return this.change(undoDone);
  },

  async change(write: (childId: number, itemId: string) => Promise<HandbookItem>) {
    const { child, id, busy } = this.data;
    if (!child || busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      this.draw(await write(child.id, id));
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
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

function spanText(item: HandbookItem): string {
  const from = fullDayText(item.from_date);
  const until = item.until_date ? fullDayText(item.until_date) : '';
  return until && until !== from ? `${from} 到 ${until}` : `${from} 起`;
}
