import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { FileLink, fileName } from '../src/FileLink.js'

it.each([
  ['https://x/media/a/cover%201.png?signature=a/b', 'cover 1.png'],
  ['/media/cover.png#page', 'cover.png'],
  ['100%.png', '100%.png'],
  ['/media/', '/media/'],
])('calls %s %s', (address, name) => {
  expect(fileName(address)).toBe(name)
})

it('links to addresses of files, and to nothing else', () => {
  render(
    <>
      <FileLink address="/media/a.png" />
      <FileLink address="javascript:alert(1)" />
    </>,
  )
  expect(screen.getAllByRole('link').map(link => link.getAttribute('href'))).toEqual(['/media/a.png'])
  expect(document.body).toHaveTextContent('javascript:alert(1)')
})
