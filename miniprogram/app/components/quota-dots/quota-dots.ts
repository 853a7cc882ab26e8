/** Six dots of a year: used ones are filled, `next` rings the one that is about to be used. */
Component({
  properties: {
    limit: { type: Number, value: 6 },
    used: Number,
    next: Boolean,
  },
  data: { dots: [] as { id: number; state: string }[] },
  observers: {
    'limit, used, next'(limit: number, used: number, next: boolean) {
      const dots = Array.from({ length: limit }, (_, index) => {
        const open = next && index === used ? 'next' : 'left';
        return { id: index, state: index < used ? 'used' : open };
      });
      this.setData({ dots });
    },
  },
});
