import { centres } from '../../services/bookings';
import { chooseCentre, chosenCentre } from '../../services/chosen-centre';
import { children, chosenChild } from '../../services/people';
import { fuzzyPosition, NoPosition, showOnMap, type WhyNoPosition } from '../../services/position';
import type { Centre, Child, SlotKind } from '../../services/types';
import type { CentreMap } from '../../utils/centre-map';
import { centreList, type CentreView } from '../../utils/centres';
import { cityDay, monthsOld } from '../../utils/dates';
import { pointOf, type Point } from '../../utils/distance';
import { failed } from '../../utils/failures';
import { open } from '../../utils/navigation';
import { KINDS } from '../../utils/slots';

type Order = 'town' | 'distance';

const ORDERS: { order: Order; title: string }[] = [
  { order: 'town', title: '按镇街排序' },
  { order: 'distance', title: '按距离排序' },
];

const HOW_TO_ALLOW: Record<WhyNoPosition, string> = {
  refused:
    '没有得到位置，仍按镇街排。想按距离排：点右上角“…”，在“设置”里允许使用位置，再点一次“按距离排序”。',
  off: '手机没有把位置告诉微信，仍按镇街排。想按距离排：在手机的系统设置里允许微信使用位置，再点一次“按距离排序”。',
  failed: '暂时没有拿到位置，仍按镇街排。可以过一会儿再点一次“按距离排序”。',
};

/** Where the phone is: known to this page alone, and forgotten with it. */
let here: Point | null = null;

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    kind: '' as SlotKind | '',
    kindTitle: '',
    centres: [] as Centre[],
    views: [] as CentreView[],
    map: null as CentreMap | null,
    chosenNumber: 0,
    orders: ORDERS,
    order: 'town' as Order,
    asking: false,
    problem: '',
  },

  onLoad(query: Record<string, string | undefined>) {
    const kind = KINDS.find((one) => one.kind === query.kind);
    this.setData({ kind: kind?.kind ?? '', kindTitle: kind?.title ?? '' });
    return this.load();
  },

  onUnload() {
    here = null;
  },

  async onPullDownRefresh() {
    await this.load();
    wx.stopPullDownRefresh();
  },

  async load() {
    if (this.data.status !== 'ready') this.setData({ status: 'loading' });
    try {
      const child = chosenChild(await children());
      const months = child ? monthsOld(child.birth_date, cityDay(new Date())) : undefined;
      const found = await centres({ ownTown: child?.town_code, ageMonths: months });
      this.setData({ child, centres: found, status: found.length ? 'ready' : 'empty' });
      this.draw();
    } catch (error) {
      this.setData(failed(this.data.status, error));
    }
  },

  draw() {
    const { centres: all, child, kind } = this.data;
    const chosen = child && chosenCentre(all, child.id, child.town_code);
    const list = centreList(all, { kind, here, chosenId: chosen?.id ?? 0 });
    const chosenNumber = list.views.find((view) => view.chosen)?.number ?? 0;
    this.setData({ ...list, chosenNumber });
  },

  chooseOrder(event: WechatMiniprogram.TouchEvent) {
    if (event.currentTarget.dataset.order === 'distance') return this.sortByDistance();
    here = null;
    this.setData({ order: 'town', problem: '' });
    this.draw();
    return undefined;
  },

  /** Only from a tap: nobody is asked for a position who did not ask for distances. */
  async sortByDistance() {
    if (this.data.asking) return;
    this.setData({ asking: true, problem: '' });
    try {
      here = await fuzzyPosition();
      this.setData({ order: 'distance' });
    } catch (error) {
      const why = error instanceof NoPosition ? error.why : 'failed';
      here = null;
      this.setData({ order: 'town', problem: HOW_TO_ALLOW[why] });
    } finally {
      this.setData({ asking: false });
    }
    this.draw();
  },

  choose(event: WechatMiniprogram.TouchEvent) {
    const { child } = this.data;
    if (child) chooseCentre(child.id, Number(event.currentTarget.dataset.id));
    open('/pages/book/book');
  },

  call(event: WechatMiniprogram.TouchEvent) {
    wx.makePhoneCall({ phoneNumber: String(event.currentTarget.dataset.phone) });
  },

  showWay(event: WechatMiniprogram.TouchEvent) {
    const id = Number(event.currentTarget.dataset.id);
    const centre = this.data.centres.find((one) => one.id === id);
    const point = centre && pointOf(centre);
    if (centre && point) showOnMap(point, centre.name, centre.address);
  },
});
