import {
  addNote,
  addPhoto,
  changeNote,
  changePhoto,
  diaryMonth,
  dropDraft,
  keepDraft,
  keptDraft,
  photoOf,
  removeEntry,
  removePhoto,
} from '../../services/diary';
import type { DiaryEntry } from '../../services/diary-types';
import { codeOf, UNREACHABLE } from '../../services/errors';
import { children } from '../../services/people';
import type { Child } from '../../services/types';
import { cityDay, fullDayText } from '../../utils/dates';
import { sentence, sentenceOf } from '../../utils/messages';
import { back } from '../../utils/navigation';

const LARGEST_BYTES = 5 * 1024 * 1024;

Page({
  data: {
    status: 'loading',
    message: '',
    childId: 0,
    id: 0,
    month: '',
    child: null as Child | null,
    entry: null as DiaryEntry | null,
    earliest: '',
    today: '',
    day: '',
    dayText: '',
    note: '',
    /** What is shown of the photo: of the entry, or the one chosen on this phone. */
    shown: '',
    /** A path on this phone, to be sent. */
    chosen: '',
    dropped: false,
    /** Why the photo of the entry is not shown. */
    lost: '',
    drafted: false,
    progress: 0,
    busy: false,
    removing: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    this.setData({
      childId: Number(query.child ?? 0),
      id: Number(query.id ?? 0),
      month: query.month ?? '',
    });
    return this.load();
  },

  async load() {
    this.setData({ status: 'loading' });
    const { childId, id, month } = this.data;
    try {
      const child = (await children()).find((one) => one.id === childId);
      const found = child && id ? await diaryMonth(childId, month) : null;
      const entry = found?.items.find((one) => one.id === id) ?? null;
      if (!child || (id && !entry)) {
        this.setData({ status: 'empty' });
        return;
      }
      this.setData({
        child,
        entry,
        earliest: child.birth_date,
        today: cityDay(new Date()),
      });
      this.fill();
      this.setData({ status: 'ready' });
      if (entry?.photo) await this.fetchPhoto(entry);
    } catch (error) {
      this.setData({ status: 'error', message: sentence(error) });
    }
  },

  /** The words stand without it; why it is not there is said in its place. */
  async fetchPhoto(entry: DiaryEntry) {
    try {
      const shown = await photoOf(this.data.childId, entry, 'full');
      if (!this.data.chosen && !this.data.dropped) this.setData({ shown });
    } catch (error) {
      const lost = codeOf(error) === 'not_found' ? '照片找不到了' : '照片没有加载出来';
      this.setData({ lost });
    }
  },

  /** What was typed before and not saved comes first. */
  fill() {
    const { childId, entry, today } = this.data;
    const draft = keptDraft(childId, this.draftName());
    this.setDay(draft?.day ?? entry?.day ?? today);
    this.setData({ note: draft?.note ?? entry?.note ?? '', drafted: draft !== null });
  },

  draftName(): string {
    return this.data.id ? String(this.data.id) : 'new';
  },

  setDay(day: string) {
    this.setData({ day, dayText: fullDayText(day) });
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    this.setDay(String(event.detail.value));
    this.saveDraft();
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ note: event.detail.value, problem: '' });
    this.saveDraft();
  },

  saveDraft() {
    const { childId, day, note } = this.data;
    keepDraft(childId, this.draftName(), { day, note });
  },

  async choosePhoto() {
    if (this.data.busy) return;
    try {
      const { tempFiles } = await wx.chooseMedia({
        count: 1,
        mediaType: ['image'],
        sourceType: ['album', 'camera'],
        sizeType: ['compressed'],
      });
      const [photo] = tempFiles;
      if (photo.size > LARGEST_BYTES) {
        this.setData({ problem: sentenceOf('photo_too_large') });
        return;
      }
      const { tempFilePath } = photo;
      this.setData({ chosen: tempFilePath, shown: tempFilePath, dropped: false, problem: '' });
    } catch (error) {
      const said = String((error as { errMsg?: string }).errMsg ?? '');
      if (!said.includes('cancel')) this.setData({ problem: sentenceOf('album_denied') });
    }
  },

  dropPhoto() {
    if (this.data.busy) return;
    this.setData({ chosen: '', shown: '', dropped: Boolean(this.data.entry?.photo) });
  },

  showLarge() {
    wx.previewImage({ urls: [this.data.shown] });
  },

  async save() {
    const { busy, chosen, entry, dropped, childId } = this.data;
    const note = this.data.note.trim();
    if (busy) return;
    const photo = chosen || (entry?.photo && !dropped);
    if (!note && !photo) {
      this.setData({ problem: sentenceOf('diary_empty') });
      return;
    }
    this.setData({ busy: true, problem: '', progress: 0 });
    try {
      if (entry) await this.change(note);
      else await this.add(note);
      dropDraft(childId, this.draftName());
      wx.showToast({ title: '已保存', icon: 'none' });
      back();
    } catch (error) {
      this.setData({ problem: this.trouble(error) });
    } finally {
      this.setData({ busy: false, progress: 0 });
    }
  },

  /** What was typed stays on the page and on the phone, whatever happened. */
  trouble(error: unknown): string {
    const kept = '写的话留在这台手机上';
    if (codeOf(error) === UNREACHABLE) return `没有连上网络，${kept}，联网后再点保存`;
    return `${sentence(error)}。${kept}`;
  },

  add(note: string): Promise<DiaryEntry> {
    const { childId, day, chosen } = this.data;
    if (!chosen) return addNote(childId, day, note);
    return addPhoto(childId, { day, note }, chosen, (progress) => this.setData({ progress }));
  },

  /** In such an order that the day is never without both. */
  async change(note: string) {
    const { childId, chosen, dropped } = this.data;
    let entry = this.data.entry as DiaryEntry;
    if (chosen) {
      entry = await changePhoto(childId, entry, chosen, (progress) => this.setData({ progress }));
      this.setData({ entry, chosen: '' });
    }
    if (note !== (entry.note ?? '')) {
      entry = await changeNote(childId, entry, note);
      this.setData({ entry });
    }
    if (dropped) await removePhoto(childId, entry);
  },

  async askRemove() {
    const { childId, entry, removing } = this.data;
    if (!entry || removing) return;
    const answer = await wx.showModal({
      title: '删除这一天？',
      content: '十分钟内可以找回，过后连照片一起删除。',
      confirmText: '删除',
      cancelText: '保留',
    });
    if (!answer.confirm) return;
    this.setData({ removing: true, problem: '' });
    try {
      await removeEntry(childId, entry);
      dropDraft(childId, this.draftName());
      back();
    } catch (error) {
      this.setData({ problem: sentence(error) });
    } finally {
      this.setData({ removing: false });
    }
  },

  dropTyped() {
    dropDraft(this.data.childId, this.draftName());
    this.fill();
  },

  finish() {
    back();
  },
});
