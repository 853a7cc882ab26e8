App({
  globalData: { launchedAt: '' },
  onLaunch({ path }) {
    this.globalData.launchedAt = path;
  },
});
