import { diaryArchive, diaryMonth, photoOf, restoreEntry, takeRemoved } from '../../services/diary';
import type { DiaryEntry } from '../../services/diary-types';
import { chooseChild } from '../../services/people';
import type { Child } from '../../services/types';
import { childLoader } from '../../utils/child-loader';
import { cityDay, dayText } from '../../utils/dates';
import { monthView, type MonthView } from '../../utils/diary';
import { sentence } from '../../utils/messages';
import { open } from '../../utils/navigation';

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    children: [] as Child[],
    child: null as Child | null,
    agreed: false,
    months: [] as MonthView[],
    earlier: '',
    loadingEarlier: false,
    removed: null as DiaryEntry | null,
    removedText: '',
    busy: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    if (query.child) chooseChild(Number(query.child));
  },

  onShow() {
    return this.load();
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  load() {
    return loader.load(this, async (child, all, isCurrent) => {
      const found = await diaryMonth(child.id);
      if (!isCurrent()) return;
      this.setData({
        children: all,
        child,
        agreed: found.agreed,
        months: monthView(found, child.birth_date, cityDay(new Date())),
        earlier: found.earlier ?? '',
        problem: '',
        status: 'ready',
      });
      this.offerToRestore(child.id);
      await this.fetchPhotos(child.id, found.items);
    });
  },

  async loadEarlier() {
    const { child, earlier, months, loadingEarlier } = this.data;
    if (!child || !earlier || loadingEarlier) return;
    this.setData({ loadingEarlier: true, problem: '' });
    try {
      const found = await diaryMonth(child.id, earlier);
      const more = monthView(found, child.birth_date, cityDay(new Date()));
      this.setData({ months: [...months, ...more], earlier: found.earlier ?? '' });
      await this.fetchPhotos(child.id, found.items);
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ loadingEarlier: false });
    }
  },

  /** One after the other, from the top; one that does not come leaves its place empty. */
  async fetchPhotos(childId: number, entries: DiaryEntry[]) {
    for (const entry of entries) {
      if (!entry.photo) continue;
      const src = await photoOf(childId, entry, 'small').catch(() => '');
      if (!src || this.data.child?.id !== childId) continue;
      const months = this.data.months.map((month) => ({
        ...month,
        entries: month.entries.map((one) => (one.id === entry.id ? { ...one, src } : one)),
      }));
      this.setData({ months });
    }
  },

  offerToRestore(childId: number) {
    const told = takeRemoved();
    if (!told || told.childId !== childId) return;
    const removedText = `${dayText(told.entry.day, cityDay(new Date()))}的日记已删除`;
    this.setData({ removed: told.entry, removedText });
  },

  async restore() {
    const { child, removed, busy } = this.data;
    if (!child || !removed || busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      await restoreEntry(child.id, removed);
      this.setData({ removed: null });
      await this.load();
    } catch (error) {
      this.setData({ removed: null, problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  forgetRemoved() {
    this.setData({ removed: null });
  },

  chooseChild(event: WechatMiniprogram.CustomEvent<{ id: number }>) {
    chooseChild(event.detail.id);
    this.setData({ status: 'loading', months: [], removed: null });
    return this.load();
  },

  readText() {
    open('/pages/consent/consent?ask=diary');
  },

  write() {
    open(`/pages/diary-day/diary-day?child=${this.data.child?.id ?? 0}`);
  },

  openEntry(event: WechatMiniprogram.TouchEvent) {
    const { id, month } = event.currentTarget.dataset;
    const child = this.data.child?.id ?? 0;
    open(`/pages/diary-day/diary-day?child=${child}&id=${id}&month=${month}`);
  },

  checkHome() {
    open('/pages/home-check/home-check');
  },

  async takeAlong() {
    const { child, busy } = this.data;
    if (!child || busy) return;
    this.setData({ busy: true, problem: '' });
    try {
      const filePath = await diaryArchive(child.id);
      await wx.shareFileMessage({ filePath, fileName: '成长日记.zip' });
    } catch (error) {
      const cancelled = String((error as { errMsg?: string }).errMsg ?? '').includes('cancel');
      if (!cancelled) this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ busy: false });
    }
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
