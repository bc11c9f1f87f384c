// A Worker for pages that are opened as files, where browsers start none: the search of the site runs in a hidden frame.
// Material would fetch one from a CDN (mkdocs.yml names this file in its place).
if (location.protocol === 'file:') {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement('iframe')
      frame.hidden = true
      document.body.append(frame)
      this.window = frame.contentWindow
      // What the script posts comes out here; what comes in is dispatched there once it has run.
      this.window.postMessage = data => this.dispatchEvent(new MessageEvent('message', { data }))
      this.window.importScripts = (...urls) => Promise.all(urls.map(each => this.run(each)))
      this.ready = this.run(url)
    }

    run(url) {
      return new Promise((resolve, reject) => {
        const script = this.window.document.createElement('script')
        Object.assign(script, { src: url, onload: resolve, onerror: reject })
        this.window.document.body.append(script)
      })
    }

    postMessage(data) {
      this.ready.then(() => this.window.dispatchEvent(new this.window.MessageEvent('message', { data })))
    }

    terminate() {
      this.window.frameElement.remove()
    }
  }
}
