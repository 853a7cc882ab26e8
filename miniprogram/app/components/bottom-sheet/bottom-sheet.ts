/** The second tap of a double tap falls on the shade of the sheet that the first has opened. */
const DOUBLE_TAP_MS = 400;

/** A sheet from below with a heading; fires `close` from the cross, and from the shade around it. */
Component({
  properties: {
    show: Boolean,
    heading: String,
  },
  data: { settled: false },
  observers: {
    show(show: boolean) {
      this.setData({ settled: false });
      if (show) setTimeout(() => this.setData({ settled: true }), DOUBLE_TAP_MS);
    },
  },
  methods: {
    close() {
      this.triggerEvent('close');
    },
    closeFromShade() {
      if (this.data.settled) this.close();
    },
    stay() {
      // swallows scrolling, so that the page below keeps its place
    },
  },
});
