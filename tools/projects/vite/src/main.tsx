import { ChannelsClient } from '@channels-binding/core'
import { ChannelsProvider, useSave, useSearch } from '@channels-binding/core/react'
import { BindingTable } from '@channels-binding/mui/table'
import { createRoot } from 'react-dom/client'

const client = new ChannelsClient()

function Products() {
  const { rows, count } = useSearch('shop.Product', { order: '-price', limit: 10 })
  const save = useSave('shop.Product')
  return (
    <ul>
      {rows.map(row => (
        <li key={row.id}>
          <button type="button" onClick={() => save.mutate({ id: row.id, stock: 1 })}>
            {String(row.name)} of {count}
          </button>
        </li>
      ))}
    </ul>
  )
}

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <ChannelsProvider client={client}>
      <Products />
      <BindingTable binding="shop.Product" />
    </ChannelsProvider>,
  )
