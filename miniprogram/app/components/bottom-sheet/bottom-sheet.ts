/** A sheet from below with a heading; fires `close` from the cross, and from the shade around it. */
Component({
  properties: {
    show: Boolean,
    heading: String,
  },
  methods: {
    close() {
      this.triggerEvent('close');
    },
    stay() {
      // swallows scrolling, so that the page below keeps its place
    },
  },
});
