export { ConnectionStatus, type ConnectionStatusProps } from './ConnectionStatus.js'
export * from './form/index.js'
export {
  CreateModal,
  DeleteModal,
  type DeleteModalProps,
  FormModal,
  type FormModalProps,
  type ModalProps,
  UpdateModal,
} from './modals.js'
export { SearchBar, type SearchBarProps } from './SearchBar.js'
export * from './table/index.js'
export { textOf } from './text.js'
