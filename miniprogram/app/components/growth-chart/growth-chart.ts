import type { Curves } from '../../services/growth-types';
import {
  along,
  firstView,
  moved,
  pointNear,
  scaleOf,
  whole,
  zoomed,
  type View,
} from '../../utils/chart-view';
import type { Point } from '../../utils/growth';
import { drawChart, frameOf } from '../../utils/growth-chart';
import { themeNow, watchTheme } from '../../utils/theme';

type Context = WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D;

const STEP = 0.6; // of what is seen, for one press of a button
const REACH = 26; // of a finger around a point
const SLACK = 8; // a finger that has moved less has not moved

interface Finger {
  clientX: number;
  clientY: number;
}

interface Sheet {
  context: Context;
  width: number;
  height: number;
}

/** No node: the page has left meanwhile. No width: it is not shown yet. */
interface Found {
  node?: WechatMiniprogram.Canvas;
  width: number;
  height: number;
}

interface Place {
  left: number;
  top: number;
}

/** What the fingers did when the gesture began, and what was seen then. */
interface Gesture {
  view: View;
  fingers: Finger[];
  /** One finger that goes up or down scrolls the page. */
  scrolls: boolean;
}

const SHEETS = new WeakMap<object, Sheet>();
const GESTURES = new WeakMap<object, Gesture>();

/**
 * Draws a child's points among the lines of a standard. Two fingers come nearer, one moves along;
 * the buttons do the same, also by keyboard. Fires `choose` with the day of a point, or with an
 * empty one beside all points. A screen reader hears one sentence: the table below has the numbers.
 */
Component({
  properties: {
    curves: { type: Object, value: null as Curves | null },
    points: { type: Array, value: [] as Point[] },
    chosen: String,
    unit: String,
    label: String,
    /** Of the child today, in months. */
    age: Number,
  },
  data: { view: { from: 0, to: 0 } as View, near: false, atStart: true, atEnd: true },
  observers: {
    'curves, points'() {
      this.showFirst();
    },
    chosen() {
      this.draw();
    },
  },
  lifetimes: {
    attached() {
      this.stopWatching = watchTheme(() => this.draw());
      wx.nextTick(() => this.prepare());
    },
    detached() {
      this.stopWatching();
    },
  },
  pageLifetimes: {
    resize() {
      this.prepare();
    },
  },
  methods: {
    stopWatching() {
      // replaced while the component is on the page
    },
    prepare() {
      this.createSelectorQuery()
        .select('#chart')
        .fields({ node: true, size: true })
        .exec(([found]: (Found | null)[]) => {
          if (!found?.node || !found.width) return;
          const { node, width, height } = found;
          const { pixelRatio } = wx.getWindowInfo();
          node.width = width * pixelRatio;
          node.height = height * pixelRatio;
          const context: Context = node.getContext('2d');
          context.scale(pixelRatio, pixelRatio);
          SHEETS.set(this, { context, width, height });
          this.draw();
        });
    },
    showFirst() {
      const { curves, points, age } = this.data;
      if (curves) this.show(firstView(curves, points, age));
    },
    show(view: View) {
      const { curves } = this.data;
      if (!curves) return;
      const all = whole(curves);
      this.setData({
        view,
        near: view.to - view.from < all.to - all.from,
        atStart: view.from <= all.from,
        atEnd: view.to >= all.to,
      });
      this.draw();
    },
    scale() {
      const { curves, points, view } = this.data;
      const sheet = SHEETS.get(this);
      if (!curves || !sheet) return null;
      return scaleOf(curves, points, view, frameOf(sheet.width, sheet.height));
    },
    draw() {
      const scale = this.scale();
      const sheet = SHEETS.get(this);
      const { curves, points, chosen, unit } = this.data;
      if (!curves || !scale || !sheet) return;
      const { context, width, height } = sheet;
      const dark = themeNow() === 'dark';
      drawChart(context, scale, { width, height, curves, points, chosen, unit, dark });
    },

    touchStart(event: WechatMiniprogram.TouchEvent) {
      const fingers = event.touches.map(({ clientX, clientY }) => ({ clientX, clientY }));
      GESTURES.set(this, { view: this.data.view, fingers, scrolls: false });
    },
    touchMove(event: WechatMiniprogram.TouchEvent) {
      const gesture = GESTURES.get(this);
      const scale = this.scale();
      if (!gesture || !scale || gesture.fingers.length !== event.touches.length) return;
      if (event.touches.length === 2) this.pinch(gesture, event.touches);
      else this.drag(gesture, event.touches[0]);
    },
    /** When one of two fingers leaves, the other one begins anew. */
    touchEnd(event: WechatMiniprogram.TouchEvent) {
      this.touchStart(event);
    },
    pinch({ view, fingers }: Gesture, now: Finger[]) {
      const { curves } = this.data;
      const sheet = SHEETS.get(this);
      if (!curves || !sheet) return;
      const factor = apart(fingers) / Math.max(apart(now), 1);
      this.place(({ left }) => {
        const scale = scaleOf(curves, [], view, frameOf(sheet.width, sheet.height));
        const middle = (fingers[0].clientX + fingers[1].clientX) / 2 - left;
        this.show(zoomed(view, curves, factor, along(scale, middle)));
      });
    },
    drag(gesture: Gesture, now: Finger) {
      const { curves } = this.data;
      const sheet = SHEETS.get(this);
      const [start] = gesture.fingers;
      const [right, down] = [now.clientX - start.clientX, now.clientY - start.clientY];
      if (!gesture.scrolls && Math.abs(down) > SLACK && Math.abs(down) > Math.abs(right))
        gesture.scrolls = true;
      if (!curves || !sheet || gesture.scrolls || Math.abs(right) < SLACK) return;
      const frame = frameOf(sheet.width, sheet.height);
      const { view } = gesture;
      const each = (view.to - view.from) / (frame.right - frame.left);
      this.show(moved(view, curves, -right * each));
    },
    tap(event: WechatMiniprogram.TouchEvent) {
      const [finger] = event.changedTouches;
      if (!finger) return;
      this.place(({ left, top }) => {
        const scale = this.scale();
        if (!scale) return;
        const spot = { x: finger.clientX - left, y: finger.clientY - top };
        const day = pointNear(scale, this.data.points, spot, REACH)?.key ?? '';
        this.triggerEvent('choose', { day });
      });
    },
    /** Where the chart is on the screen now: the page may have scrolled. */
    place(use: (place: Place) => void) {
      this.createSelectorQuery()
        .select('#chart')
        .boundingClientRect()
        .exec(([place]: (Place | null)[]) => {
          if (place) use(place);
        });
    },

    nearer() {
      this.zoom(STEP);
    },
    farther() {
      this.zoom(1 / STEP);
    },
    zoom(factor: number) {
      const { curves, view } = this.data;
      if (curves) this.show(zoomed(view, curves, factor, this.looked()));
    },
    /** What stays where it is: the chosen point where it is seen, else the middle. */
    looked(): number {
      const { points, chosen, view } = this.data;
      const point = (points as Point[]).find(({ key, second }) => key === chosen && !second);
      const seen = point && point.x >= view.from && point.x <= view.to;
      return seen ? point.x : (view.from + view.to) / 2;
    },
    earlier() {
      this.go(-0.5);
    },
    later() {
      this.go(0.5);
    },
    go(share: number) {
      const { curves, view } = this.data;
      if (curves) this.show(moved(view, curves, (view.to - view.from) * share));
    },
    showAll() {
      const { curves } = this.data;
      if (curves) this.show(whole(curves));
    },
  },
});

function apart([one, other]: Finger[]): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
